# This program renders the templates it reads from standard input in order, in one
# process, and writes the result of the last one where standard output was. What the
# last one prints goes to standard error; the earlier ones have printed theirs
# before. Commands that ran before are answered from what they said then.
require "erb"
require "json"
require "yaml"
require "pathname"
require "date"
require "time"
$galley = { input: JSON.parse(STDIN.read), ran: [] }
module GalleyCommands
  def self.earlier(key)
    i = $galley[:input]["ran"].index { |r| r["key"] == key } or return nil
    $galley[:input]["ran"].delete_at(i).tap { |r| $galley[:ran] << r }
  end
  def self.keep(key, out, missing = false)
    $galley[:ran] << { "key" => key, "out" => [out].pack("m0"), "status" => missing ? 127 : ($?.exitstatus || 1), "missing" => missing }
  end
  private
  def `(text)
    if (r = GalleyCommands.earlier(text))
      raise Errno::ENOENT, text.split.first if r["missing"]
      super("exit #{r["status"]}")
      return r["out"].unpack1("m").force_encoding("UTF-8")
    end
    begin
      super(text).tap { |out| GalleyCommands.keep(text, out) }
    rescue Errno::ENOENT
      GalleyCommands.keep(text, "", true)
      raise
    end
  end
  def system(*args, **options)
    key = args.grep(String).join("\0")
    if (r = GalleyCommands.earlier(key))
      super("exit #{r["status"]}")
      return r["missing"] ? nil : r["status"] == 0
    end
    super.tap { |ok| GalleyCommands.keep(key, "", ok.nil?) }
  end
end
Object.prepend(GalleyCommands)
out, err, null = STDOUT.dup, STDERR.dup, File.open(File::NULL, "w")
STDIN.reopen(File::NULL)
result = nil
files = $galley[:input]["files"]
files.each_with_index do |f, i|
  [STDOUT, STDERR].each { |io| io.reopen(i == files.size - 1 ? err : null); io.sync = true }
  begin
    template = ERB.new(f["src"].unpack1("m").force_encoding("UTF-8"))
    template.filename = f["name"]
    result = { "out" => [template.result].pack("m0") }
  rescue SystemExit, ScriptError, StandardError => e
    at = e.backtrace_locations.to_a.find { |l| l.path == f["name"] }
    line = at ? at.lineno : e.message[/\A#{Regexp.escape(f["name"])}:(\d+)/, 1].to_i
    result = { "class" => e.class.name, "msg" => e.message.dup.force_encoding("UTF-8").scrub, "line" => line, "file" => f["name"] }
    break
  end
end
out.write(JSON.generate(result.merge("ran" => $galley[:ran])))
out.flush
