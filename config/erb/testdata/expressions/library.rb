JSON.generate({"a" => [1, nil, true, 1.5, "x\n\u00e9</"], :s => :t, 1 => 2, nil => 3})
JSON.pretty_generate({"a" => [1, {"b" => 2}], "e" => [], "h" => {}})
JSON.pretty_generate([])
[1, "a", nil].to_json + {a: 1}.to_json + "x\"y".to_json + nil.to_json + 1.5.to_json + :s.to_json + (1..2).to_json
JSON.parse('{"a": [1, 2.5, "x", null, true], "b": {"c": "\u00e9\n"}}')
JSON.parse('{"a": 1}', symbolize_names: true)
JSON.parse('[1, 1e3, -0, 12345678901234567890]')
JSON.parse('nope')
JSON.parse('{"a":')
JSON.parse('"x"')
JSON.parse(nil)
JSON.generate(Float::NAN)
JSON.dump({a: 1})
JSON.parse(File.read("data.json"))["n"]
YAML.load("a: 1\nb: [1, x, ~]\nc: {d: yes}")
YAML.load("- 1\n- :a\n- 'x'\n- 1_000\n- 0x1f\n- 1.5\n- 1e3\n- 0644\n- 1:30\n- 'no'\n- null")
YAML.load("1: 2\ntrue: 3\n:a: 4\n1.5: 6")
YAML.load("")
YAML.load("--- foo")
YAML.load("a: &x {b: 1}\nc:\n  <<: *x\n  d: 2", aliases: true)
YAML.load("a: 1", symbolize_names: true)
YAML.safe_load("a: :b")
YAML.safe_load(":a: 1", permitted_classes: [Symbol])
YAML.load("a: 2024-01-01")
YAML.load_file("data.yml")
YAML.load_file("nope.yml")
YAML.load(File.read("data.yml"))["list"]
{"a" => 1, "b" => [1, 2, {"c" => nil, "d" => []}], :s => :sym, "e" => {}}.to_yaml
["yes", "1", 1.5, true, "true", "null", "", "a: b", "#x", " lead", "trail ", "it's", "say \"hi\"", "~", "- x", "-", "!x", "*x", "&x", "%x", "@x", "`x"].to_yaml
["2024-01-01", "1.0", "1e3", "0644", "0x1f", ":sym", "a:b", "[x]", "{x}", "a, b", "?", "=", "<<", "a\tb", "é", "y", "n", "on", "1:30", "|", ">", "-1", "1_000", "+1", ".5", ".inf", "a #b", "a#b", "...", "---", "1.2.3", "10.0.0.1:80", "a\u0000b"].to_yaml
{"multi" => "a\nb\n", "m2" => "a\nb", "nl" => "\n", "lead" => "  x\ny\n", "tr" => "x\n\n", "k:" => 1, "NO" => "No", "n" => "1"}.to_yaml
("word " * 30).to_yaml + ("word " * 30).strip.to_yaml + ("x" * 100).to_yaml
{"k" => ("word: " * 30).strip, "deep" => {"x" => "word " * 30 + "end"}}.to_yaml
[[1, [2]], {"a" => [{"b" => 1, "c" => 2}]}, [], {}, nil].to_yaml
nil.to_yaml + 1.to_yaml + "x".to_yaml + :a.to_yaml + "".to_yaml + {}.to_yaml + [].to_yaml
h = {"a" => 1}; [h, h].to_yaml
{1 => 2, true => 4, :a => 5, 1.5 => 6}.to_yaml
YAML.dump({"a" => {"b" => 1}})
"multi\nline".to_yaml
["multi\nline", "'", '"', "a'b: c", "\e"].to_yaml
{"a" => "x y"}.to_yaml.lines.drop(1).map { |l| "  " + l }.join
[{"name" => "a", "list" => ["x"]}].to_yaml.sub("---\n", "")
File.exist?("VERSION") && !File.exist?("nope")
File.read("VERSION")
File.read("nope")
File.readlines("lines.txt")
File.readlines("lines.txt", chomp: true)
File.foreach("lines.txt").map(&:chomp)
File.open("VERSION") { |f| f.read }
File.open("lines.txt") { |f| [f.gets, f.readline, f.gets, f.gets, f.eof?] }
File.open("lines.txt", &:readlines)
File.open("nope")
IO.read("VERSION") + IO.readlines("VERSION").size.to_s
File.join("a", "b", "/c", "d/", "/e")
File.join("a", ["b", "c"])
File.join
File.basename("/a/b.rb") + File.basename("/a/b.rb", ".rb") + File.basename("/a/b.tar.gz", ".*") + File.basename("/") + File.basename("a/")
File.dirname("/a/b") + File.dirname("a") + File.dirname("/") + File.dirname("a/b/") + File.dirname("/a")
File.dirname("/a/b/c", 2)
File.extname("a.rb") + File.extname("a.tar.gz") + File.extname(".bashrc") + File.extname("a") + File.extname("a.")
File.split("/a/b/c")
File.expand_path("/a/../b/./c")
File.expand_path("../x", "/a/b")
File.expand_path("x", "/a")
File.expand_path("~") + File.expand_path("~/x")
File.absolute_path("~", "/a")
File.file?("VERSION") && File.directory?("recipes") && !File.directory?("VERSION")
File.size("VERSION") + (File.size?("nope") || 0)
File.size("nope")
File.zero?("VERSION")
File.readable?("VERSION") && File.symlink?("VERSION") == false
File.fnmatch("*.rb", "a.rb") && !File.fnmatch("*.rb", ".a.rb") && File.fnmatch?("**/*.rb", "a/b/c.rb", File::FNM_PATHNAME)
File.fnmatch("{a,b}", "a", File::FNM_EXTGLOB)
File.fnmatch("[a-c]?", "bz")
Dir.glob("recipes/*.rb")
Dir["recipes/*.rb", "VERSION"].sort
Dir.glob("**/*.rb").sort
Dir.glob("{VERSION,nope,data.*}").sort
Dir.glob("*.{yml,json}").sort
Dir.glob("*").sort
Dir.glob("*", File::FNM_DOTMATCH).sort
Dir.glob("nope/*")
Dir.glob("recipes/")
Dir.glob("*", base: "recipes").sort
Dir.glob(%w(VERSION recipes/a.rb))
Dir.glob("re*/[ab].rb").sort
Dir.glob("RECIPES/*")
Dir.children("recipes").sort
Dir.entries("recipes").sort
Dir.exist?("recipes") && !Dir.exist?("nope")
Dir.empty?("recipes")
Dir.each_child("recipes").sort
Dir.children("nope")
Dir.home
File.basename(Dir.pwd)
Pathname.new("a/b").join("../c").to_s
Pathname.new("a") + "b"
Pathname.new("/a/b.rb").basename.to_s + Pathname.new("/a/b.rb").dirname.to_s + Pathname.new("a.rb").extname
Pathname("a/b/../c").cleanpath
Pathname.new("VERSION").read
Pathname.new("VERSION").exist?
Pathname.new("/a/b").relative_path_from(Pathname.new("/a/c")).to_s
Pathname.new("/a").absolute? && Pathname.new("a").relative?
Pathname.new("a/b").parent
Pathname.new("x").inspect
"#{Pathname.new("x") / "y"}"
ENV["USER"]
ENV["NOPE"]
ENV.fetch("USER")
ENV.fetch("NOPE")
ENV.fetch("NOPE", "d")
ENV.fetch("NOPE") { |k| k.downcase }
ENV.key?("USER") && ENV.has_key?("HOME") && ENV.include?("USER") && !ENV.key?("NOPE")
ENV["X"] = "1"; [ENV["X"], ENV.delete("X"), ENV["X"]]
ENV["X"] ||= "z"; ENV["X"]
ENV["X"] = nil
ENV["X"] = 5
ENV.to_h.class
ENV.select { |k, v| k == "USER" }
ENV.map { |k, v| k }.include?("USER")
ENV.values_at("USER", "NOPE")
ENV.slice("USER")
ENV.keys.include?("USER")
ENV.any? { |k, v| v == "tester" }
ENV.find { |k, v| k == "USER" }
ENV.each { |k, v| break k if k == "USER" }
ENV["USER"].frozen?
ENV["USER"] << "x"
ENV.class
ENV.to_s
ENV.key("tester")
ENV.reject { |k, v| k != "USER" }
ENV.sort.first.class
ENV.filter_map { |k, v| v if k == "USER" }
ENV.dig("USER") rescue "nm"
`echo hi`
`echo hi; echo there`.lines
%x(printf abc)
`exit 3`; $?.exitstatus
`true`; $?.success?
system("true")
system("false")
system("nope_not_there_cmd")
`nope_not_there_cmd`
`echo $USER`.chomp
`pwd`.chomp == Dir.pwd
Time.at(0).utc.strftime("%Y-%m-%d %H:%M:%S %z %Z %j %a %A %b %B %d %e %-d %I %l %p %P %y %C %u %w %s %L %N %3N %% %F %T %D %R %r %c %x %X %U %W %V %G %h %n%t|%10Y|%-m|%_m|%^a|%#p|%:z")
Time.at(1700000000).utc.to_s + Time.at(1700000000).utc.inspect
Time.utc(2024, 1, 15, 10, 30).iso8601
Time.at(1700000000).utc.year + Time.at(1700000000).utc.month + Time.at(1700000000).utc.day + Time.at(1700000000).utc.hour
Time.at(0).utc + 60
Time.utc(2024, 1, 2) - Time.utc(2024, 1, 1)
Time.utc(2024, 1, 2) > Time.utc(2024, 1, 1)
Time.utc(2024, 2, 29).yday + Time.utc(2024, 1, 1).wday
Time.utc(2024).monday?
Time.now.class
Time.now.to_i.class
Time.now.strftime("%Y").length
Time.parse("2024-01-15 10:30:00 UTC").to_i
Date.new(2024, 2, 29).to_s + Date.new(2024, 1, 15).strftime("%d.%m.%Y")
Date.new(2024, 1, 31) >> 1
Date.new(2024, 1, 31) + 1
(Date.new(2024, 3, 1) - Date.new(2024, 2, 1)).to_i
Date.new(2024, 1, 15) < Date.new(2024, 1, 16)
Date.parse("2024-01-15").yday
Date.new(2024, 13, 1)
Date.valid_date?(2023, 2, 29)
Date.new(2024, 1, 15).cweek
Date.new(2024, 1, 15)
Date.today.class
Gem::Version.new("1.10") > Gem::Version.new("1.9")
Gem::Version.new("1.0") == Gem::Version.new("1.0.0")
Gem::Version.new("1.0.pre1") < Gem::Version.new("1.0")
%w(1.10 1.9 1.2).map { |v| Gem::Version.new(v) }.max.to_s
%w(1.10 1.9 1.2).sort_by { |v| Gem::Version.new(v) }
Gem::Version.new("1.2.3").segments
Gem::Version.new("1.2.3").bump.to_s
Gem::Version.new("x.y")
Gem::Requirement.new("~> 1.2").satisfied_by?(Gem::Version.new("1.9"))
Gem::Requirement.new(">= 1.2", "< 2").satisfied_by?(Gem::Version.new("2.0"))
Gem::Version.new("1.2")
Shellwords.escape("a b'c") + Shellwords.split("a 'b c' d").inspect + %w(a b).shelljoin
Base64.strict_encode64("hello") + Base64.decode64("aGVsbG8=") + Base64.encode64("hi") + Base64.urlsafe_encode64("??>")
Digest::SHA256.hexdigest("x")[0, 10] + Digest::MD5.hexdigest("x")[0, 10] + Digest::SHA1.hexdigest("x")[0, 5]
URI.parse("https://u@example.com:8443/p?q=1#f").host
URI.parse("http://example.com/a").port
URI.parse("http://example.com/a?b=1").query
URI.encode_www_form_component("a b&c")
URI.encode_www_form(a: 1, b: "x y")
CGI.escape("a b&c") + CGI.escapeHTML("<a>")
require "json"
require_relative "x"
require "nope_gem"
RUBY_VERSION
RUBY_ENGINE
Process.pid.class
SecureRandom.hex(4).length rescue "x"
ObjectSpace.class
self
self.class
__method__.inspect
exit
exit 3
abort "bye"
Kernel.format("%d", 1)
Kernel.rand(1)
Kernel.puts "x"
[1, 2].frozen? || "a".to_sym.frozen?
Object.new.to_s.class
Class.new { def x; 5; end }.new.x
Module.new.class
obj = Object.new; def obj.hi; "hi"; end; obj.hi
o = Object.new; o.instance_variable_set(:@a, 1); [o.instance_variable_get(:@a), o.instance_variables]
String.instance_method(:upcase).class
"a".instance_eval { upcase }
[].instance_of?(Array)
5.singleton_methods
Object.const_get(:String)
Object.const_defined?(:Nope)
Math.const_get(:PI).floor
"x".public_methods.include?(:upcase)
Integer.instance_methods.include?(:+)
begin; raise KeyError.new("m", receiver: {}, key: :k); rescue KeyError => e; e.key; end
begin; {a: 1}.fetch(:b); rescue KeyError => e; [e.message, e.key, e.receiver]; end
begin; nil.foo; rescue NoMethodError => e; e.message; end
begin; [].fetch(3); rescue IndexError => e; e.class; end
begin; Integer("x"); rescue => e; e.message; end
begin; raise "a"; rescue => e; e.full_message.class; end
begin; raise "a"; rescue => e; e.inspect; end
begin; raise StandardError; rescue => e; [e.message, e.inspect]; end
begin; raise Exception, "x"; rescue StandardError; 1; rescue Exception => e; e.message; end
begin; raise IOError; rescue SystemCallError, IOError => e; e.class; end
begin; File.read("nope"); rescue Errno::ENOENT => e; e.message; end
begin; exit 2; rescue SystemExit => e; e.status; end
begin; 1 / 0; rescue ZeroDivisionError => e; e.message; end
begin; Float("x"); rescue ArgumentError => e; e.message; end
begin; "a" + 1; rescue TypeError => e; e.message; end
begin; [1, "a"].max; rescue ArgumentError => e; e.message; end
begin; raise "x"; rescue; $!.message; end
begin; raise "x"; rescue => e; e.backtrace.class; end
begin; loop { raise StopIteration }; :done; end
begin; throw :x; rescue UncaughtThrowError => e; e.message; end
begin; def f(a); end; f; rescue ArgumentError => e; e.message; end
begin; foo; rescue NameError => e; [e.class, e.message]; end
begin; Foo; rescue NameError => e; e.message; end
x = (raise "q" rescue "r"); x
[1, 2, 3].each_slice(0)
"x".center
[].sum("a")
"abc".to_sym.to_proc.call("x")
:a <=> :b
:abc.length + :abc.size
:abc[1]
:a.to_proc.call("x") rescue "nm"
%i(a b).map(&:to_s)
:"foo-bar".to_s
:a.upcase
:abc.start_with?("a")
Symbol === :a
"a".to_sym.equal?(:a)
Struct.new(:a, :b).new(1, 2).to_a
P3 = Struct.new(:x, :y); P3.new(1)
P4 = Struct.new(:x, :y); P4.new(1, 2) == P4.new(1, 2)
P5 = Struct.new(:x, :y); a = P5.new(1, 2); a.x = 5; [a.x, a[0], a[:y], a["x"], a.members, a.each.to_a]
P6 = Struct.new(:x, :y); x, y = *P6.new(1, 2); [x, y]
P7 = Struct.new(:x, keyword_init: true); P7.new(x: 1).inspect
P8 = Struct.new(:x); P8.new(1)[:nope]
proc { |x| x }.arity + lambda { |x, y| }.arity + proc { |*a| }.arity + ->(){}.arity
->(a, b = 1, *c, d:, e: 2, **f, &g) {}.parameters
(->(x) { x + 1 } >> ->(x) { x * 2 }).call(3)
(->(x) { x + 1 } << ->(x) { x * 2 }).call(3)
->(a, b) { a + b }.curry[1][2]
method(:puts).arity
method(:format).call("%d", 5)
%w(a b).each_with_index.map(&->((x, i)) { x * (i + 1) }) rescue "err"
[[1, 2]].map(&->(a) { a })
[[1, 2]].map(&->(a, b) { a + b }) rescue "arity"
{a: 1}.map(&->(k, v) { [k, v] }) rescue "arity"
{a: 1}.each(&->(k, v) { k }) rescue "arity"
binding.local_variables.class
ObjectSpace
Comparable
5.display
at_exit { }.class
srand(5).class
sleep(0)
caller.class
