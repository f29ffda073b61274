[1, 2, 3, 4].slice_before(&:even?).to_a
[1, 2, 3, 4].slice_after(2).to_a
{a: [1]}.flatten
{a: 1} < {a: 1, b: 2}
Set[1, 2] ^ Set[2, 3]
Set[1, 2].join("-")
Set[1, 2].delete_if { |x| x > 1 }
File.stat("VERSION").size
File.stat("recipes").directory?
Enumerator.new { |y| y << 1 << 2; y.yield 3 }.to_a
Enumerator.new { |y| i = 0; loop { y << (i += 1) } }.lazy.select(&:even?).first(2)
Enumerator.new { |y| i = 0; loop { y << (i += 1) } }.take(3)
Enumerator.produce(1) { |x| x * 2 }.first(4)
Enumerator.produce(1, &:succ).take_while { |x| x < 4 }
e = Enumerator.new { |y| y << 1; y << 2 }; [e.next, e.next, (e.next rescue "stop")]
e = Enumerator.new { |y| 3.times { |i| y.yield i, i * 2 } }; e.to_a
e = [1, 2, 3].each; loop { e.next }; "done"
begin; foo; rescue NameError => e; e.name; end
x = [3, 1, 2]; x.sort!; x.sort_by! { |a| -a }; x
def fib(n) n < 2 ? n : fib(n - 1) + fib(n - 2) end; (0..10).map { |i| fib(i) }
a = [1, 2, 3]; a.each_with_index { |x, i| a[i] = x + 1 }; a
words = %w(the quick brown fox); words.map(&:length).zip(words).sort.reverse.map(&:last)
"The quick".each_char.group_by { |c| c =~ /[aeiou]/i ? :v : :c }.transform_values(&:count)
h = Hash.new { |hh, k| hh[k] = [] }; %w(a bb cc d).each { |w| h[w.size] << w }; h
%w(a b c).each_cons(2).map { |x, y| "#{x}>#{y}" }
(1..3).flat_map { |x| (1..x).map { |y| x * y } }
[[1, "one"], [2, "two"]].each_with_object({}) { |(n, w), h| h[w] = n }
[1, 2, 3, 4, 5].each_slice(2).map(&:first).inject(:+)
%w(x y).product([1, 2]).map { |a, b| "#{a}#{b}" }
10.downto(1).select(&:even?).map { |x| x ** 2 }.reject { |x| x > 50 }
[1, [2, [3]]].flatten.map(&:to_s).join.to_i.digits.reverse
{b: 2, a: 1}.sort_by { |k, _| k }.map { |k, v| "#{k}:#{v}" }.join(",")
["a", :b, 3, nil, 4.5].map { |x| x.class.name }
puts("a", "b") || "nil"
[1, 2, 3].frozen? ? 1 : [1, 2, 3].freeze.frozen?
x = "abc"; y = x; y << "d"; x
x = "abc"; y = x.dup; y << "d"; x
a = b = []; a << 1; b
def kw(a, b: 1, **o) "#{a}#{b}#{o}" end; kw(1, **{b: 2, c: 3})
def kw(h) h.inspect end; kw("a" => 1, b: 2)
def opt(a, b = {}, *c) [a, b, c] end; opt(1, {x: 1}, 2)
def blk(&b) b.call(1, 2) end; blk { |x, y| x + y }
def nest; [1, 2].map { |x| yield x }; end; nest { |x| x * 10 }
->(*) { 1 }.call(1, 2)
[[1, 2], [3, 4]].each_with_index.map { |(a, b), i| a + b + i }
[1, 2, 3].each_with_index.to_h { |x, i| [i, x] }
if (m = "v12".match(/v(\d+)/)) then m[1] end
case [1, 2] when Array then "arr" end
case "5" when /\d/ then "digit" when String then "str" end
case 7 when 1, 2 then "low" when 3.. then "high" end
[1, 2, 3].sum.then { |s| s > 5 ? "big" : "small" }
"%-10s|%3d%%" % ["abc", 50]
"a".."c" .to_a rescue "err"
("a".."c").to_a.reverse.join
"abc".each_char.with_object([]).to_a.length
"x=%p y=%-5p|" % [nil, :a]
[0.1 + 0.2, 1e-9, 1e9, 123456789.123456789, 1.0e-5, 100.0, 1e2].map(&:to_s)
"snowman: \u2603".length
"\x41\102\u0043"
'single #{no} \n'
%q{a{b}c}
%w[a#{1} b]
%W[a#{1} b]
:"quoted sym".inspect
{"a b": 1}.inspect
{"a-b" => 1, a: :"b-c"}.inspect
[nil, true].to_s + nil.to_a.inspect
1.then { |x| break x + 1 }
[3, 1, 2].max_by { |x| -x }
[1, 2, 3, 4].sum { _1.odd? ? _1 : 0 }
(1..4).each_slice(2).to_a.transpose
[1, 2, 3].zip([4, 5, 6]).map { |a, b| a * b }.sum
%w(10 9 100).sort_by(&:to_i).last
%w(b A c).sort_by(&:downcase)
%w(b A c).sort(&:casecmp)
["a", "b"].each_with_index.map { |x, i| "#{i}#{x}" }
[1, 2, 2, 3].each_with_object(Hash.new(0)) { |x, h| h[x] += 1 }
"hello world".split.map(&:reverse).join(" ")
"hello"[1..3] + "hello"[-2..] + "hello"[..-4]
"hello".sub("l") { |m| m.upcase }
"a1b2".tr("a-z", "").to_i
"CSV,line,here".split(",").map(&:downcase).each_with_index.to_h
"key: value".partition(": ").values_at(0, 2)
"  indented\n    more\n".lines.map { |l| l[/\A */].size }
"ab".succ + "Az".succ + "zZ9".succ
"title".center(11, "=")
[1, 2, 3].cycle.lazy.map { |x| x * 2 }.first(4)
"ok" if __FILE__
[*"a".."c", *1..2]
[1, *[2, 3], 4]
{**{a: 1}, b: 2}
x = *1..3, 4; x
a, b = *[1, 2], 3; [a, b]
(a, b), c = [1, 2], 3; a + b + c
i = 10; i -= 1 until i < 5; i
i = 0; loop do i += 1; next if i.odd?; break if i > 6; end; i
[1, 2, 3].each do |x| next unless x == 2; break x end
r = [1, 2, 3].each_with_index do |x, i| break i if x == 3 end; r
1.step(by: 3, to: 10).to_a
10.step(1, -4).to_a
begin; [1, 2].fetch(5); rescue IndexError => e; e.message; end
begin; :a.unknown; rescue NoMethodError => e; e.message; end
begin; Integer([]); rescue TypeError => e; e.message; end
begin; "x".to_sym.call; rescue => e; e.class; end
begin; nil + 1; rescue => e; e.message; end
begin; [nil].sum; rescue => e; e.message; end
begin; {}.fetch("k"); rescue KeyError => e; e.message; end
begin; raise "a" rescue raise "b"; rescue => e; [e.message, e.cause&.message]; end
begin; def z(a:) end; z(b: 1); rescue ArgumentError => e; e.message; end
begin; ->(x) {}.call; rescue ArgumentError => e; e.message; end
begin; [3, "a"].sort; rescue => e; e.message; end
begin; "abc".foo; rescue NoMethodError => e; e.message; end
begin; Object.new.instance_eval { bar }; rescue NameError => e; e.class; end
begin; BasicObject; rescue => e; e.class; end
begin; "5" * "5"; rescue => e; e.message; end
begin; [1] + nil; rescue => e; e.message; end
begin; Hash.new(1) { }; rescue => e; e.message; end
begin; "a".center; rescue => e; e.message; end
begin; "a" =~ "b"; rescue => e; e.message; end
begin; Float("1,5"); rescue => e; e.message; end
begin; "abc".freeze.upcase!; rescue => e; [e.class, e.message]; end
begin; CONST_X = 1; CONST_X; end
ENV.to_a.assoc("USER")
ENV.min_by { |k, v| k.length }.class
ENV.each_with_object({}) { |(k, v), h| h[k] = 1 if k == "USER" }
ENV.group_by { |k, v| k[0] }["U"]
ENV.sort_by { |k, v| k }.map(&:first).include?("HOME")
ENV.to_h { |k, v| [k.downcase, v] }["user"]
ENV.partition { |k, v| k == "USER" }.first
ENV.fetch("USER", "x").then { |u| "#{u}!" }
ENV.values_at("USER", "HOME")
ENV.count { |k, v| k == "USER" }
ENV.inspect.include?("USER")
ENV.filter { |k, v| k == "USER" }
ENV.delete("NOPE").inspect
ENV.update("Q" => "1"); ENV["Q"]
ENV.fetch("NOPE", nil).inspect
ENV["USER"].sub("t", "T")
ENV["HOME"] + "/x"
"#{ENV["USER"]}-#{ENV["NOPE"]}"
