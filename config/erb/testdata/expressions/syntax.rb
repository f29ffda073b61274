# Literals
1_000 + 0xff + 0b11 + 0o17 + 017
1.5e3
3r
-2 ** 2
-2.abs
2 ** 3 ** 2
-2.0 ** 2
[-1.abs, +1, !1, ~1]
"a\tb\u00e9\x41\101\e\s\0".bytes
'a\'b\\c\d'
%q(a(b)c\)d)
%Q[a#{1}b[c]]
%w(a b\ c #{x} d)
%W(a#{1} b\ c #{"x y"} d)
%i(a b)
%I(a#{1} b)
%s(sym)
%(x "y")
%<a<b>c>
?a + ?\n
:"a b"
:"a#{1}"
:'a#{1}'
[:+, :[], :[]=, :!, :<=>, :a?, :a!, :a=, :A, :@a, :@@a, :$a, :"9", :"a-b", :"foo bar", :"", :"=", :"é"]
{a: 1, "b": 2, "c d": 3, :e => 4, 'f' => 5, 6 => 7, nil => 8, if: 9}
{"a#{1}": 2}
x = 1; y = 2; {x:, y:}
[1, 2, *[3, 4], *nil, *1..3]
[1, a: 2, 'b' => 3]
[1,
 2,
]
"a" "b" 'c'
"a" \
  "b"
(1..3).to_a + (1...3).to_a
(1..).first(2)
(..3).include?(2)
('a'..'e').to_a
nil.inspect + true.to_s + false.inspect
__FILE__
__LINE__
"#{1}#{"#{2}"}#{}"
"#{"}"}"
"\#{x} #x \#$y"
@a = 1; $b = 2; "#@a #$b #@c"
# Precedence
1 + 2 * 3 - 4 / 2
1 << 2 + 3
1 | 2 & 3 ^ 4
!true || true && !false
not true == false
true and false or true
(true and false)
false || nil
nil && 1
1 == 1 && 2 != 3
1 < 2 == true
5 & 3 == 3
1..2 == (1..2)
x = false || true
x = (false or true)
x = nil; x ||= 5; x &&= x + 1; x += 1; x -= 2; x *= 3; x **= 2; x /= 5; x %= 7; x <<= 2; x |= 1; x ^= 3; x
a = [1]; a[0] += 5; a[3] ||= 7; a
h = {}; h[:x] ||= []; h[:x] << 1; h[:y] = h[:z] = 2; h
true ? 1 : 2
false ? 1 : true ? 2 : 3
x = 5; x > 3 ? "big" : "small"
x = 5; x>3?"a":"b"
nil&.foo
nil&.foo.inspect
"abc"&.length
"abc" =~ /b/
"abc" !~ /b/
/(?<y>\d+)-(?<m>\d+)/ =~ "2024-05"; [y, m]
"x" if false
"x" unless false
[1, 2, 3].map { |x| x * 2 }
[1, 2, 3].map do |x| x * 2 end
[3, 1, 2].sort { |a, b| b <=> a }
[[1, [2, 3]], [4, [5, 6]]].map { |a, (b, c)| a + b + c }
[[1, 2, 3], [4, 5, 6]].map { |a, *b| [a, b] }
[[1, 2, 3]].map { |*a, b| [a, b] }
[[1, 2]].each_with_index.map { |(a, b), i| [a, b, i] }
[[1, 2]].map { |a,| a }
[1, 2].each_with_object([]) { |x, acc| acc << x }
%w(a b).each_with_index.to_a
[1, 2, 3].inject { |a, b| a + b }
[1, 2, 3].map(&:to_s)
%w(1 2).map(&method(:Integer))
[1, 2].map { _1 + 1 }
[[1, 2], [3, 4]].map { _1 + _2 }
->(x) { x + 1 }.call(2)
->(x, y = 2, *z, k: 3, **o, &b) { [x, y, z, k, o] }.(1, 5, 6, k: 7, m: 8)
-> { 1 }.()
-> x { x * 2 }[4]
-> x, y { x * y }.call(2, 3)
lambda { |x| x }.call(3)
lambda do |x| x end.call(3)
proc { |x, y| [x, y] }.call(1)
proc { |x, y| [x, y] }.call([1, 2, 3])
proc { |x| x }.call(1, 2)
proc { |x, (y, z)| [x, y, z] }.call(1, [2, 3])
lambda { |x| x }.call
lambda { |x| x }.call(1, 2)
x = 10; [1, 2].each { |i; x| x = i }; x
x = 10; [1, 2].each { |i| x = i }; x
f = ->(x) { next x * 2 if x > 1; 0 }; [f.(1), f.(2)]
f = ->(x) { return x * 2 if x > 1; 0 }; [f.(1), f.(2)]
[1, 2, 3].each { |x| break x * 10 if x == 2 }
[1, 2, 3].map { |x| next 0 if x == 2; x }
[1, 2, 3, 4].each_slice(2).map(&:sum)
loop { break 5 }
i = 0; while i < 5; i += 1; next if i == 2; break if i == 4; end; i
i = 0; until i >= 3 do i += 1 end; i
i = 0; i += 1 while i < 10; i
i = 0; begin i += 1 end while i < 0; i
i = 5; begin i += 1 end until true; i
r = []; for a, b in [[1, 2], [3, 4]] do r << a + b end; r
r = []; for i in 1..3; r << i; end; [r, i]
case 5 when 1..3 then :low when 4..6 then :mid else :high end
case "abc" when /b/ then $~[0] end
case 1 when Integer, Float then "num" end
case "x" when "a", "b" then 1 when *%w(x y) then 2 end
case when false then 1 when 2 > 1 then 2 end
case nil when nil then 1 end
case 5 when ->(n) { n > 3 } then "big" end
if false then 1 elsif nil then 2 else 3 end
unless true then 1 else 2 end
(if false then 1 end).inspect
begin; 1; ensure; 2; end
begin; raise "x"; rescue => e; e.message; end
begin; raise ArgumentError, "bad"; rescue TypeError, ArgumentError => e; [e.class, e.message]; end
begin; Integer("z"); rescue ArgumentError; "r"; else; "e"; ensure; "f"; end
begin; 1; rescue; 2; else; 3; end
begin; raise "a"; rescue; begin; raise "b"; rescue => e; [e.message, e.cause.message]; end; end
n = 0; begin; n += 1; raise "x" if n < 3; n; rescue; retry; end
x = Integer("z") rescue 7
raise "boom"
raise ArgumentError
raise ArgumentError.new("x")
raise Class.new(StandardError), "anon" rescue $!.message
def m(a, b = a + 1, *c, d, e:, f: e + 1, **g, &h) [a, b, c, d, e, f, g] end; m(1, 2, e: 3)
def m(a, b = 5, *c) [a, b, c] end; [m(1), m(1, 2), m(1, 2, 3, 4)]
def m(*) 1 end; m(1, 2)
def m(a:, b: 2) [a, b] end; m(a: 1)
def m(a:) a end; m
def m(a:) a end; m(a: 1, z: 2)
def m(a) a end; m(1, 2)
def m(a) a end; m
def m(a, b = 1) a end; m
def m(h) h end; m(a: 1, 'b' => 2)
def m(o = {}) o end; m(a: 1)
def m(*a, **k) [a, k] end; m(1, x: 2)
def m(*a) a end; m(1, x: 2)
def m; yield 1, 2; end; m { |a, b| [a, b] }
def m; yield [1, 2]; end; m { |a, b| [a, b] }
def m; block_given?; end; [m, m {}]
def m(&b) b end; m.inspect
def m(&b) [1, 2].map(&b) end; m { |x| x * 3 }
def m; return 1, 2; end; m
def m; return; end; m
def m; [1, 2].each { |x| return x }; 9; end; m
def m = 42; m
def m(x) = x * 2; m(4)
def m(n) n < 2 ? 1 : n * m(n - 1) end; m(20)
def m?; true; end; m?
def x=(v); @x = v; end; self.x = 5; @x
def m() __method__ end; m
def m; yield; end; m
yield
def a; b; end; def b; 3; end; a
foo
foo(1)
self.foo
Foo
Foo::Bar
1.foo
"abc".nope
nil.upcase
nil + 1
nil[0]
Object.new.foo rescue $!.message.sub(/0x\h+/, 'XX')
[1, 2].foo(3)
5.upcase
:a.unknown
{}.nope
a, b = 1, 2; [a, b]
a, b = [1, 2]; [a, b]
a, b = 1; [a, b]
a, *b = 1, 2, 3; [a, b]
*a, b = 1, 2, 3; [a, b]
a, *b, c = 1, 2; [a, b, c]
a, (b, c), d = 1, [2, 3], 4; [a, b, c, d]
(a, b), c = [1, 2], 3; [a, b, c]
a = *1..3; a
a = *nil; a
a = 1, 2; a
a = b = 3; [a, b]
a, b = b, a; [a, b]
a = [1, 2]; a[0], a[1] = a[1], a[0]; a
h = {}; h[:a], h[:b] = 1, 2; h
a = (b = 1) + 1; [a, b]
defined?(x)
x = 1; defined?(x)
defined?(puts)
defined?(String)
defined?(Nope)
defined?(@x)
@x = 1; defined?(@x)
defined?(yield)
defined?(1 + 1)
defined?(x = 1)
defined? nil
defined?(String.new)
defined?(String.nope)
defined?($nope)
A = 1; A
module M; X = 1; def self.f; X; end; end; [M::X, M.f]
class C; def initialize(a); @a = a; end; attr_reader :a; def to_s; "C#{@a}"; end; end; c = C.new(3); [c.a, "#{c}"]
class P; def hi; "p"; end; end; class Q < P; def hi; super + "q"; end; end; Q.new.hi
class C; class << self; def f; 1; end; end; end; C.f
class C; include Comparable; attr_accessor :v; def initialize(v); @v = v; end; def <=>(o); v <=> o.v; end; end; [C.new(1) < C.new(2), C.new(1) == C.new(1), [C.new(3), C.new(1)].min.v]
class C; include Enumerable; def each; yield 1; yield 2; yield 3; end; end; [C.new.map { |x| x * 2 }, C.new.to_a, C.new.include?(2), C.new.first, C.new.sort_by { |x| -x }, C.new.reduce(:+)]
class C; def method_missing(n, *a); "#{n}#{a}"; end; def respond_to_missing?(*) true end; end; [C.new.foo(1), C.new.respond_to?(:zip)]
class String; def shout; upcase + "!"; end; end; "a".shout
module Greet; def hi; "hi"; end; end; class C; include Greet; end; C.new.hi
class E < StandardError; def initialize(m = "dflt"); super; end; end; begin; raise E; rescue E => e; e.message; end
class C; @@n = 0; def self.inc; @@n += 1; end; end; C.inc; C.inc
class C; private def secret; 1; end; end; C.new.secret rescue $!.message.sub(/0x\h+/, 'XX')
S = Struct.new(:a, :b) do def sum; a + b; end; end; s = S.new(1, 2); [s.sum, s.to_a, s.to_h, s == S.new(1, 2), s]
S = Struct.new(:a, keyword_init: true); S.new(a: 1).a
S = Struct.new(:a); S.new(1, 2)
x = 5; eval_free = -> { x += 1 }; eval_free.call; x
catch(:done) { 10.times { |i| throw :done, i if i == 3 }; :never }
throw :nope
[1, 2, 3].each_with_index.select { |x, i| i > 0 }
puts "x"
p 1
p 1, 2
p
print "x"
$stdout.puts "x"
BEGIN_ = 1
if true; 1 else 2 end
while false; end
() 
(1; 2)
[[]]
x = if true then 1 else 2 end; x
x = case 1 when 1 then :a end; x
x = begin 1 end; x
x = while false do end; x
puts([1].map { |x| x })
puts [1].map { |x| x }
x = [1, 2].map do |y| y + 1 end; x
format "%d", 3
format("%s %s", *%w(a b))
[1, 2, 3].sum { |x| x * 2 }
{a: 1}.map { |k, v| [k, v] }
{a: 1}.each { |k, v| break [k, v] }
{a: 1}.each_pair.to_a
{a: {b: 1}}.each_with_object({}) { |(k, v), h| h[v] = k }
{b: 1, a: 2}.sort.to_h
{b: 1, a: 2}.min_by { |k, v| v }
{a: 1}.to_a.flatten
"%s" % nil
"%s and %s" % [1, 2]
"%05.2f|%-5s|%+d" % [1.5, "a", 3]
"a" * 3 + "b"
[1, 2] <=> [1, 3]
[*1..3, *"a".."c"]
-> (a, b = 2) { a + b }.curry
:upcase.to_proc.call("a")
(:a..:e).to_a
5.then { |x| x + 1 }
[1, 2, 3].then { |a, b| a }
5.tap { |x| x + 1 }
"abc".send(:upcase)
"abc".public_send(:[], 1)
"abc".respond_to?(:upcase)
5.is_a?(Integer) && 5.is_a?(Comparable) && Integer === 5
5.instance_of?(Numeric)
5.frozen? && "lit".frozen? == false && :a.frozen? && nil.frozen?
"a".freeze << "b"
A = %w(x).freeze; A << 1
"abc".dup << "d"
1.dup
Integer.name
Integer.ancestors.include?(Comparable)
StandardError.superclass
Comparable.class
5.class.class
String === "a"
[1, "a", nil, :b, 2.0].map { |x| case x when Integer then "i" when String then "s" when nil then "n" when Symbol then "y" else "o" end }
x = *"a"; x
a = [1, 2, 3]; first, = a; first
def f(a, (b, c), d) [a, b, c, d] end; f(1, [2, 3], 4)
def f(a, b: a) [a, b] end; f(1)
def f(**nil); 1; end; f
%w[a b].each_with_index { |x, i| }.inspect
=begin
comment
=end
a, b = Integer("x") rescue [1, 2]; [a, b]
a, b = 3, Integer("x") rescue [1, 2]; [a, b]
Kernel::Integer("5")
Math::sqrt(4)
def f(&b) b.(1) + b.call(2) end; f { |x| x * 3 }
x = 1, 2; x
raise"b" rescue "c"
---
<<~EOS
  a
    b
  c#{1}
EOS
---
---
<<-EOS + "x"
  a
  EOS
---
---
<<~'EOS'
  a#{1}
   \n
EOS
---
---
[<<~A, <<~B]
  x
A
  y
B
---
---
<<~EOS.lines.map(&:strip)

  a

  b
EOS
---
---
x = [1, 2]
  .map { |y| y + 1 }
  # comment
  .select(&:even?)
x
---
---
foo = 1 +
  2
foo
---
---
def m(a,
      b = 1,
      c: 2)
  [a, b, c]
end
m(1,
  2,
  c: 3
)
---
---
h = {
  a: 1, # one
  'b' => [
    1,
    2
  ],
}
h
---
---
begin
  raise "x"
rescue
  "r"
ensure
  "e"
end
---
---
def m
  yield
rescue ArgumentError => e
  "rescued #{e.message}"
else
  "fine"
ensure
  @done = true
end
[m { 1 }, m { raise ArgumentError, "q" }, @done]
---
---
[1, 2].each do |x|
  raise "x"
rescue => e
  break e.message
end
---
---
if 1 > 2
  :a
elsif 2 > 1 and
      3 > 2
  :b
end
---
---
x = 5
y = if x > 3
  "gt"
else
  "le"
end
y
---
---
puts <<~X
  hi
X
---
---
a = 1
b = a -1
c = a - 1
d = [a -1]
[b, c, d]
---
---
x = 4
y = 2
g = 1
x /y/g
---
---
def foo(x) x end
foo [1]
---
---
def foo(*x) x end
foo -1
---
---
def foo(*x) x end
[foo(:a, :b), (foo :a), (foo a: 1), (foo :a => 1), (foo "x" do end)]
---
---
def t(h) h end
t 'a' => 1,
  b: 2
---
---
%w(a b c).
  map(&:upcase).
  join
---
