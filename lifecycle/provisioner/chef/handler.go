package chef

import (
	"fmt"
)

// updatedAgain begins the lines by which the handler tells what a run updated.
const updatedAgain = "galley: updated again: "

// strictHandler is a report handler of Chef. A handler's own failure does not fail
// a run, so galley reads its lines and decides.
const strictHandler = `require "chef/handler"

# Names the resources that a run has updated, in a run that should update none.
class GalleyUpdatedResources < Chef::Handler
  def report
    Array(run_status.updated_resources).each do |resource|
      place = [resource.cookbook_name, resource.recipe_name].compact.join("::")
      place += " line #{resource.source_line[/:(\d+)/, 1]}" if resource.source_line
      puts "` + updatedAgain + `#{resource.declared_type}[#{resource.name}]#{" (#{place})" unless place.empty?}"
    end
    $stdout.flush
  end
end
`

// strictLines make a client.rb use the handler.
func strictLines(handler string) string {
	return fmt.Sprintf("\nrequire %s\nreport_handlers << GalleyUpdatedResources.new\n", ruby(handler))
}
