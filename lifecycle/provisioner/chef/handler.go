package chef

import (
	"fmt"

	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
)

// updatedAgain begins the lines by which the handler tells what a run updated. They
// are for galley alone.
const updatedAgain = converge.Marker + again

const again = "updated again: "

// strictHandler is an event handler of Chef: unlike a report handler's, its name is
// not printed. A handler's own failure does not fail a run, so galley reads its lines
// and decides.
const strictHandler = `require "chef/event_dispatch/base"

# Names the resources that a run has updated, in a run that should update none.
class GalleyUpdatedResources < Chef::EventDispatch::Base
  def run_started(run_status)
    @run_status = run_status
  end

  def run_completed(*)
    Array(@run_status && @run_status.updated_resources).each do |resource|
      place = [resource.cookbook_name, resource.recipe_name].compact.join("::")
      place += " line #{resource.source_line[/:(\d+)/, 1]}" if resource.source_line
      puts "\x1egalley: ` + again + `#{resource.declared_type}[#{resource.name}]#{" (#{place})" unless place.empty?}"
    end
    $stdout.flush
  end
end
`

// strictLines make a client.rb use the handler.
func strictLines(handler string) string {
	return fmt.Sprintf("\nrequire %s\nevent_handlers << GalleyUpdatedResources.new\n", ruby(handler))
}
