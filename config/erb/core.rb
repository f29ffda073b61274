# Methods of the core classes that are shorter in Ruby than in Go. kernel.go reads
# this file: a line "class NAME" starts the methods of a class, "module NAME" the
# functions of a module. A method that yields and asks for no block_given? gives an
# Enumerator when it is called without a block, as in Ruby.

class Object
  def dup; self; end
  def clone(*o); dup; end
  def freeze; self; end
  def tap; yield self; self; end
  def then; yield self; end
  def itself; self; end
  def instance_of?(c); self.class == c; end
  def to_json(*rest)
    case self
    when nil then 'null'
    when true, false, Integer, Float then to_s
    when Array then '[' + map { |v| v.to_json }.join(',') + ']'
    when Hash then '{' + map { |k, v| k.to_s.to_json + ':' + v.to_json }.join(',') + '}'
    else JSON.quote(to_s)
    end
  end
  alias yield_self then

class Comparable
  def between?(a, b); self >= a && self <= b; end
  def clamp(a, b); self < a ? a : self > b ? b : self; end

class Enumerable
  def to_a; l = []; each { |*v| l << (v.size > 1 ? v : v[0]) }; l; end
  def map; l = []; each { |*v| l << yield(*v) }; l; end
  def flat_map; l = []; each { |*v| r = yield(*v); r.is_a?(Array) ? l.concat(r) : l << r }; l; end
  def filter_map; l = []; each { |*v| r = yield(*v); l << r if r }; l; end
  def select; l = []; to_a.each { |v| l << v if yield(v) }; l; end
  def reject; l = []; to_a.each { |v| l << v unless yield(v) }; l; end
  def partition; a = []; b = []; to_a.each { |v| yield(v) ? a << v : b << v }; [a, b]; end
  def group_by; h = {}; to_a.each { |v| (h[yield(v)] ||= []) << v }; h; end
  def each_with_index; i = -1; to_a.each { |v| yield v, i += 1 }; self; end
  def each_with_object(memo); to_a.each { |v| yield v, memo }; memo; end
  def each_entry; to_a.each { |v| yield v }; self; end
  def reverse_each; to_a.reverse.each { |v| yield v }; self; end
  def each_slice(n); l = to_a; i = 0; loop { break unless i < l.size; yield l[i, n]; i += n }; self; end
  def each_cons(n); l = to_a; (l.size - n + 1).times { |i| yield l[i, n] }; self; end
  def find; to_a.each { |v| return v if yield(v) }; nil; end
  def find_index(*a); i = -1; to_a.each { |v| i += 1; return i if a.empty? ? yield(v) : v == a[0] }; block_given? ? nil : nil; end
  def any?(*a); to_a.each { |v| return true if a.empty? ? (block_given? ? yield(v) : v) : a[0] === v }; false; end
  def all?(*a); to_a.each { |v| return false unless a.empty? ? (block_given? ? yield(v) : v) : a[0] === v }; true; end
  def none?(*a); to_a.each { |v| return false if a.empty? ? (block_given? ? yield(v) : v) : a[0] === v }; true; end
  def one?(*a); n = 0; to_a.each { |v| n += 1 if a.empty? ? (block_given? ? yield(v) : v) : a[0] === v }; n == 1; end
  def count(*a); n = 0; to_a.each { |v| n += 1 if a.empty? ? (block_given? ? yield(v) : true) : a[0] == v }; n; end
  def include?(x); to_a.each { |v| return true if v == x }; false; end
  def inject(*a)
    op = a.pop unless block_given?
    l = a + to_a
    acc = l.first
    l.drop(1).each { |v| acc = op ? acc.send(op, v) : yield(acc, v) }
    acc
  end
  def sum(acc = 0); to_a.each { |v| acc += block_given? ? yield(v) : v }; acc.is_a?(Float) ? JSON.outside('sum of floats') : acc; end
  def first(*n); n.empty? ? to_a[0] : to_a[0, n[0]]; end
  def take(n); to_a[0, n]; end
  def drop(n); to_a[n..] || []; end
  def take_while; l = []; to_a.each { |v| return l unless yield(v); l << v }; l; end
  def drop_while; l = to_a; loop { break if l.empty? || !yield(l[0]); l = l[1..] }; l; end
  def sort(&b); to_a.sort(&b); end
  def sort_by; i = -1; map { |*v| v = v[0] if v.size == 1; [yield(v), i += 1, v] }.sort.map { |l| l[2] }; end
  def min(&b); sort(&b)[0]; end
  def max(&b); sort(&b)[-1]; end
  def minmax; l = sort; [l[0], l[-1]]; end
  def min_by; l = to_a.map { |v| [yield(v), v] }; l.drop(1).inject(l[0]) { |a, b| (b[0] <=> a[0]) < 0 ? b : a }&.last; end
  def max_by; l = to_a.map { |v| [yield(v), v] }; l.drop(1).inject(l[0]) { |a, b| (b[0] <=> a[0]) > 0 ? b : a }&.last; end
  def zip(*o); i = -1; map { |v| i += 1; [v] + o.map { |l| l.to_a[i] } }; end
  def to_h; h = {}; to_a.each { |v| v = yield(v) if block_given?; raise TypeError, "wrong element type #{v.class} (expected array)" unless v.is_a?(Array) && v.size == 2; h[v[0]] = v[1] }; h; end
  def grep(p); l = []; to_a.each { |v| l << (block_given? ? yield(v) : v) if p === v }; l; end
  def grep_v(p); to_a.reject { |v| p === v }; end
  def uniq; h = {}; to_a.each { |v| k = block_given? ? yield(v) : v; h[k] = v unless h.key?(k) }; h.values; end
  def tally; h = {}; to_a.each { |v| h[v] = (h[v] || 0) + 1 }; h; end
  def cycle(n = nil); i = 0; loop { break unless n.nil? || i < n; to_a.each { |v| yield v }; i += 1 }; nil; end
  alias collect map
  alias collect_concat flat_map
  alias filter select
  alias find_all select
  alias detect find
  alias index find_index
  alias reduce inject
  alias entries to_a
  alias member? include?

class Array
  def []=(i, v)
    JSON.outside('Array#[]= of a range') unless i.is_a?(Integer)
    i += size if i < 0
    raise IndexError, "index #{i - size} too small for array; minimum: -#{size}" if i < 0
    (i - size + 1).times { self << nil }
    __set(i, v)
  end
  def dup; self + []; end
  def join(sep = nil); flatten.__join(sep.to_s); end
  def flatten(n = -1); l = []; each { |v| v.is_a?(Array) && n != 0 ? l.__concat(v.flatten(n - 1)) : l << v }; l; end
  def concat(*o); o.each { |l| __concat(l) }; self; end
  def *(n); return join(n) if n.is_a?(String); l = []; n.times { l.__concat(self) }; l; end
  def reverse; i = size; l = []; size.times { l << self[i -= 1] }; l; end
  def each_index; size.times { |i| yield i }; self; end
  def to_a; self; end
  def empty?; size == 0; end
  def last(*n); n.empty? ? self[-1] : self[[size - n[0], 0].max..]; end
  def at(i); self[i]; end
  def dig(k, *rest); rest.empty? || self[k].nil? ? self[k] : self[k].dig(*rest); end
  def fetch(i, *d)
    return self[i] if i >= -size && i < size
    return yield(i) if block_given?
    raise IndexError, "index #{i} outside of array bounds: #{-size}...#{size}" if d.empty?
    d[0]
  end
  def values_at(*l); l.map { |i| self[i] }; end
  def push(*l); concat(l); end
  def unshift(*l); replace(l + self); end
  def insert(i, *l); i += size + 1 if i < 0; replace(self[0, i] + l + self[i..]); end
  def pop; v = self[-1]; replace(self[0, size - 1]) unless empty?; v; end
  def shift; v = self[0]; replace(self[1..]) unless empty?; v; end
  def clear; replace([]); end
  def delete(x); n = size; replace(reject { |v| v == x }); n == size ? nil : x; end
  def delete_at(i); v = self[i]; i += size if i < 0; replace(self[0, i] + (self[i + 1..] || [])) if i >= 0 && i < size; v; end
  def delete_if; replace(reject { |v| yield v }); end
  def keep_if; replace(select { |v| yield v }); end
  def reject!; n = size; replace(reject { |v| yield v }); n == size ? nil : self; end
  def select!; n = size; replace(select { |v| yield v }); n == size ? nil : self; end
  def map!; replace(map { |v| yield v }); end
  def sort!(&b); replace(sort(&b)); end
  def sort_by!; replace(sort_by { |v| yield v }); end
  def reverse!; replace(reverse); end
  def compact; reject { |v| v.nil? }; end
  def compact!; n = size; replace(compact); n == size ? nil : self; end
  def uniq!(&b); n = size; replace(uniq(&b)); n == size ? nil : self; end
  def flatten!; n = size; replace(flatten); n == size ? nil : self; end
  def -(o); h = {}; o.each { |v| h[v] = true }; reject { |v| h.key?(v) }; end
  def &(o); h = {}; o.each { |v| h[v] = true }; select { |v| h.key?(v) }.uniq; end
  def |(o); (self + o).uniq; end
  def difference(o); self - o; end
  def union(*o); o.inject(self) { |a, b| a | b }; end
  def intersection(*o); o.inject(self) { |a, b| a & b }; end
  def intersect?(o); !(self & o).empty?; end
  def rotate(n = 1); empty? ? [] : self[n % size..] + self[0, n % size]; end
  def transpose; empty? ? [] : self[0].zip(*drop(1)); end
  def assoc(k); find { |v| v.is_a?(Array) && v[0] == k }; end
  def product(*o); o.inject(map { |v| [v] }) { |rows, l| rows.flat_map { |r| l.map { |v| r + [v] } } }; end
  alias collect! map!
  alias append push
  alias prepend unshift
  alias filter! select!
  alias to_ary to_a

class Hash
  def to_a; keys.map { |k| [k, self[k]] }; end
  def each; keys.each { |k| yield [k, self[k]] }; self; end
  def each_key; keys.each { |k| yield k }; self; end
  def each_value; values.each { |v| yield v }; self; end
  def empty?; size == 0; end
  def value?(x); values.include?(x); end
  def has_value?(x); values.include?(x); end
  def key(x); each { |k, v| return k if v == x }; nil; end
  def fetch(k, *d)
    return self[k] if key?(k)
    return yield(k) if block_given?
    raise KeyError, "key not found: #{k.inspect}" if d.empty?
    d[0]
  end
  def dig(k, *rest); rest.empty? || self[k].nil? ? self[k] : self[k].dig(*rest); end
  def values_at(*l); l.map { |k| self[k] }; end
  def store(k, v); self[k] = v; end
  def to_h(&b); b ? to_a.to_h(&b) : self; end
  def select; h = {}; each { |k, v| h[k] = v if yield(k, v) }; h; end
  def reject; h = {}; each { |k, v| h[k] = v unless yield(k, v) }; h; end
  def slice(*l); select { |k, v| l.include?(k) }; end
  def except(*l); reject { |k, v| l.include?(k) }; end
  def compact; reject { |k, v| v.nil? }; end
  def invert; h = {}; each { |k, v| h[v] = k }; h; end
  def transform_values; h = {}; each { |k, v| h[k] = yield(v) }; h; end
  def transform_keys; h = {}; each { |k, v| h[yield(k)] = v }; h; end
  def merge(*o); h = dup; o.each { |l| l.each { |k, v| h[k] = block_given? && h.key?(k) ? yield(k, h[k], v) : v } }; h; end
  def merge!(*o, &b); replace(merge(*o, &b)); end
  def update(*o, &b); replace(merge(*o, &b)); end
  def delete_if; replace(reject { |k, v| yield k, v }); end
  def keep_if; replace(select { |k, v| yield k, v }); end
  def clear; replace({}); end
  alias filter select
  alias each_pair each
  alias update merge!
  alias to_hash to_h
  alias has_key? key?
  alias include? key?
  alias member? key?
  alias length size

class Range
  def each
    a = self.begin
    z = self.end
    if a.is_a?(String) && z.is_a?(String)
      a.upto(z) { |s| yield s unless exclude_end? && s == z }
    else
      JSON.outside('such a range') unless a.is_a?(Integer) && (z.nil? || z.is_a?(Integer))
      loop do
        break unless z.nil? || a < z || a == z && !exclude_end?
        yield a
        a += 1
      end
    end
    self
  end
  def to_a; l = []; each { |v| l << v }; l; end
  def first(*n); return self.begin if n.empty?; l = []; each { |v| return l if l.size >= n[0]; l << v }; l; end
  def last(*n); n.empty? ? self.end : to_a.last(*n); end
  def ===(v); a = self.begin; JSON.outside('a range in a range') if v.is_a?(Range); z = self.end; (a.nil? || a.comparable?(v) && a <= v) && (z.nil? || z.comparable?(v) && (v < z || v == z && !exclude_end?)); end
  def include?(v); self === v; end
  def size; to_a.size; end
  def step(n); i = 0; JSON.outside('a step of a float') unless n.is_a?(Integer); to_a.each { |v| yield v if i % n == 0; i += 1 }; self; end
  alias member? include?
  alias cover? include?

class Numeric
  def -@; 0 - self; end
  def +@; self; end
  def fdiv(o); to_f / o; end
  def zero?; self == 0; end
  def positive?; self > 0; end
  def negative?; self < 0; end
  def nonzero?; self == 0 ? nil : self; end
  def abs; self < 0 ? 0 - self : self; end
  def div(o); (self / o).floor; end
  def divmod(o); [div(o), self % o]; end
  def step(to, by = 1); i = self; JSON.outside('such a step') unless i.is_a?(Integer) && by.is_a?(Integer); loop { break unless by > 0 ? i <= to : i >= to; yield i; i += by }; self; end

class Integer
  def times; (0...self).to_a.each { |i| yield i }; self; end
  def upto(n); i = self; loop { break if i > n; yield i; i += 1 }; self; end
  def downto(n); i = self; loop { break if i < n; yield i; i -= 1 }; self; end
  def succ; self + 1; end
  def pred; self - 1; end
  def even?; self % 2 == 0; end
  def odd?; self % 2 == 1; end
  def integer?; true; end
  def to_i; self; end
  def round(d = 0); d < 0 ? JSON.outside('rounding to tens') : self; end
  def floor(d = 0); round(d); end
  def ceil(d = 0); round(d); end
  alias next succ

class String
  def split(sep = nil, limit = 0)
    return scan(/[^\s\0]+/) if (sep.nil? || sep == ' ') && limit == 0
    JSON.outside('such a String#split') if sep.nil? || sep == ' ' || block_given?
    return chars if sep == '' || sep == //
    l = []
    s = self
    loop do
      i = limit <= 0 || l.size < limit - 1 ? s.index(sep) : nil
      break if i.nil?
      JSON.outside('splitting between letters') if $~[0].empty?
      l << s[0, i]
      l.concat($~.captures)
      s = s[i + $~[0].size..]
    end
    l << s
    loop { break unless (limit == 0 || empty?) && !l.empty? && l[-1].empty?; l.pop }
    l
  end
  def __set; l = []; scan(/(.)-(.)|(.)/m) { |a, b, c| c ? l << c : l.concat((a..b).to_a) }; l; end
  def tr(from, to)
    negated = from.size > 1 && from[0] == '^'
    set = (negated ? from[1..] : from).__set
    with = to.__set
    chars.map { |c| i = set.index(c); i.nil? != negated ? c : with[negated ? -1 : [i, with.size - 1].min].to_s }.join
  end
  def +@; dup; end
  def dup; '' + self; end
  def empty?; size == 0; end
  def eql?(o); o.is_a?(String) && self == o; end
  def capitalize; self[0, 1].upcase + (self[1..] || '').downcase; end
  def strip; sub(/\A[\s\0]+/, '').sub(/[\s\0]+\z/, ''); end
  def lstrip; sub(/\A\s+/, ''); end
  def rstrip; sub(/[\s\0]+\z/, ''); end
  def chomp(*s); s.empty? ? sub(/(\r\n|\n|\r)\z/, '') : delete_suffix(s[0]); end
  def chop; sub(/(\r\n|.)\z/m, ''); end
  def reverse; chars.reverse.join; end
  def delete(set); tr(set, ''); end
  def count(set); size - tr(set, '').size; end
  def include?(s); !index(s).nil?; end
  def chars; scan(/./m); end
  def lines(*o); l = scan(/[^\n]*\n|[^\n]+/); o.empty? ? l : JSON.outside('lines with options'); end
  def delete_prefix(s); start_with?(s) ? self[s.size..] : dup; end
  def delete_suffix(s); end_with?(s) ? self[0, size - s.size] : dup; end
  def each_char; chars.each { |c| yield c }; self; end
  def each_line; lines.each { |l| yield l }; self; end
  def concat(*o); o.each { |s| self << s }; self; end
  def prepend(*o); replace(o.join + self); end
  def clear; replace(''); end
  def insert(i, s); i += size + 1 if i < 0; replace(self[0, i] + s + self[i..]); end
  def ljust(n, fill = ' '); self + (fill * [n, 0].max)[0, [n - size, 0].max]; end
  def rjust(n, fill = ' '); (fill * [n, 0].max)[0, [n - size, 0].max] + self; end
  def center(n, fill = ' '); l = [n - size, 0].max / 2; rjust(size + l, fill).ljust([n, size].max, fill); end
  def partition(s); i = index(s); i ? [self[0, i], self[s], self[i + self[s].size..]] : [dup, '', '']; end
  def rpartition(s); JSON.outside('rpartition at a regexp') unless s.is_a?(String); i = rindex(s); i ? [self[0, i], s, self[i + s.size..]] : ['', '', dup]; end
  def casecmp?(s); downcase == s.downcase; end
  def casecmp(s); downcase <=> s.downcase; end
  def upto(last); s = self; loop { break if s.size > last.size; yield s; break if s == last; s = s.succ }; self; end
  def =~(re); raise TypeError, 'type mismatch: String given' if re.is_a?(String); re =~ self; end
  def match(re, &b); (re.is_a?(String) ? Regexp.new(re) : re).match(self, &b); end
  def match?(re); !match(re).nil?; end
  def to_f; self[/\A\s*[-+]?(\d[\d_]*(\.\d+)?|\.\d+)([eE][-+]?\d+)?/].to_s.__float; end
  def succ
    i = rindex(/[a-zA-Z0-9]/) or return dup
    head = self[0, i]; c = self[i]; rest = self[i + 1..]
    return head + c.__next + rest unless 'zZ9'.include?(c)
    low = { 'z' => 'a', 'Z' => 'A', '9' => '0' }[c]
    head =~ /[a-zA-Z0-9]/ ? head.succ + low + rest : head + (low == '0' ? '1' : low) + low + rest
  end
  def upcase!; s = upcase; s == self ? nil : replace(s); end
  def downcase!; s = downcase; s == self ? nil : replace(s); end
  def capitalize!; s = capitalize; s == self ? nil : replace(s); end
  def strip!; s = strip; s == self ? nil : replace(s); end
  def chomp!(*a); s = chomp(*a); s == self ? nil : replace(s); end
  def gsub!(*a, &b); s = gsub(*a, &b); s == self ? nil : replace(s); end
  def sub!(*a, &b); s = sub(*a, &b); s == self ? nil : replace(s); end
  def tr!(a, b); s = tr(a, b); s == self ? nil : replace(s); end
  def slice!(*a); s = self[*a]; replace(sub(s, '')) if s; s; end
  def %(o); format(self, *(o.is_a?(Array) ? o : [o])); end
  alias next succ
  alias intern to_sym

class Symbol
  def size; to_s.size; end
  def empty?; to_s.empty?; end
  def [](*a); to_s[*a]; end
  def start_with?(*a); to_s.start_with?(*a); end
  def end_with?(*a); to_s.end_with?(*a); end
  def upcase; to_s.upcase.to_sym; end
  def downcase; to_s.downcase.to_sym; end
  def capitalize; to_s.capitalize.to_sym; end
  alias length size

class Time
  def strftime(text)
    text.gsub(/%([-^:]?)(.)/) do |d|
      flag, name = $1, $2
      next '%' if d == '%%'
      next to_i.to_s if d == '%s'
      next ((wday + 6) % 7 + 1).to_s if d == '%u'
      layout = { 'Y' => '2006', 'y' => '06', 'm' => '01', '-m' => '1', 'd' => '02', '-d' => '2', 'e' => '_2', 'j' => '002', 'H' => '15',
        'M' => '04', 'S' => '05', 'I' => '03', '-I' => '3', 'p' => 'PM', 'P' => 'pm', 'B' => 'January', 'b' => 'Jan', 'h' => 'Jan',
        'A' => 'Monday', 'a' => 'Mon', 'z' => '-0700', ':z' => '-07:00', 'Z' => 'MST', 'F' => '2006-01-02', 'T' => '15:04:05',
        'X' => '15:04:05', 'R' => '15:04', 'D' => '01/02/06', 'x' => '01/02/06', 'c' => 'Mon Jan _2 15:04:05 2006', 'L' => '.000',
        'N' => '.000000000' }[(flag == '^' ? '' : flag) + name]
      JSON.outside("strftime's #{d}") if layout.nil?
      s = __format(layout).delete_prefix('.')
      flag == '^' ? s.upcase : s
    end
  end
  def iso8601; __format('2006-01-02T15:04:05Z07:00'); end
  alias xmlschema iso8601

class NilClass
  def to_a; []; end
  def to_h; {}; end
  def to_i; 0; end
  def to_f; 0.0; end
  def &(o); false; end
  def |(o); o ? true : false; end

module File
  def expand_path(f, base = nil)
    JSON.outside('the home of another user') if f =~ /\A~[^\/]/
    f = ENV['HOME'] + f[1..] if f.start_with?('~')
    f = (base ? expand_path(base) : Dir.pwd) + '/' + f unless f =~ /\A([A-Za-z]:)?\//
    l = []
    f.split('/').each { |p| p == '..' ? l.pop : (l << p unless p.empty? || p == '.') }
    (f[0] == '/' ? '/' : '') + l.join('/')
  end
  def join(*l)
    l.flatten.inject { |a, b| a.sub(/\/+\z/, '') + '/' + b.sub(/\A\/+/, '') } || ''
  end
  def basename(f, ext = '')
    b = f[/([^\/]+)\/*\z/, 1] || f[0, 1]
    b == ext ? b : ext == '.*' ? b.delete_suffix(extname(b)) : b.delete_suffix(ext)
  end
  def extname(f); f[/[^\/.][^\/]*(\.[^\/.]+)\/*\z/, 1] || ''; end
  def dirname(f); d = f.sub(/\/*[^\/]*\/*\z/, ''); d.empty? ? (f.start_with?('/') ? '/' : '.') : d; end
  def split(f); [dirname(f), basename(f)]; end
  def readlines(f, *o); o.empty? || !o[0][:chomp] ? read(f).lines : read(f).lines.map { |l| l.chomp }; end
  def foreach(f); readlines(f).each { |l| yield l }; nil; end
  alias exists? exist?
  alias binread read

module Dir
  def home; File.expand_path('~'); end
  def getwd; pwd; end
  def exist?(d); File.directory?(d); end
  def glob(*l)
    JSON.outside('Dir.glob with options') unless l.flatten.all?(String)
    l = l.flatten.flat_map { |p| __glob(p) }
    block_given? ? l.each { |f| yield f } : l
  end
  def [](*l); glob(*l); end
  def each_child(d); children(d).each { |f| yield f }; nil; end
  def entries(d); ['.', '..'] + children(d); end
  def empty?(d); exist?(d) && children(d).empty?; end

module Array
  def new(n = 0, v = nil); return n.dup if n.is_a?(Array); l = []; n.times { |i| l << (block_given? ? yield(i) : v) }; l; end

module String
  def new(s = ''); s.dup; end

module Shellwords
  def escape(s); s.empty? ? "''" : s.gsub(/[^A-Za-z0-9_\-.,:+\/@\n]/) { |c| '\\' + c }.gsub("\n", "'\n'"); end
  def shellescape(s); escape(s); end

module SecureRandom
  def uuid; hex.sub(/(.{8})(.{4}).(.{3}).(.{3})(.{12})/) { "#{$1}-#{$2}-4#{$3}-a#{$4}-#{$5}" }; end

module JSON
  def dump(v); v.to_json; end
  def generate(v, *rest); rest.empty? ? v.to_json : JSON.outside('JSON.generate with options'); end

module Kernel
  def raise(c, msg = nil)
    return __raise('RuntimeError', c) if c.is_a?(String)
    __raise(c.name, msg || c.name)
  end
  alias fail raise
  def abort(msg = 'exit'); raise SystemExit, msg; end
  def exit(code = 0); raise SystemExit, 'exit'; end
  def String(v); v.to_s; end
  def Array(v); v.nil? ? [] : v.respond_to?(:to_a) ? v.to_a : [v]; end
  def Integer(v, base = nil, *o)
    return v.to_i if v.is_a?(Numeric)
    raise TypeError, "can't convert #{v.nil? ? 'nil' : v.class} into Integer" unless v.is_a?(String)
    JSON.outside('Integer with options') if base.is_a?(Hash) || !o.empty?
    return v.to_i if base.nil? && v =~ /\A\s*[-+]?(0|[1-9]\d*(_\d+)*)\s*\z/
    JSON.outside('Integer of such a text') if v =~ /\A\s*[-+]?0\w+\s*\z/ || base
    raise ArgumentError, "invalid value for Integer(): #{v.inspect}"
  end
  def Float(v)
    return v.to_f if v.is_a?(Numeric) || v =~ /\A\s*[-+]?\d+(_\d+)*(\.\d+)?([eE][-+]?\d+)?\s*\z/
    raise ArgumentError, "invalid value for Float(): #{v.inspect}" if v.is_a?(String)
    raise TypeError, "can't convert #{v.nil? ? 'nil' : v.class} into Float"
  end
  def format(text, *args)
    args = args.dup
    hash = args[0]
    text.gsub(/%%|%(<\w+>)?([-+ 0]*)(\d*)(\.\d+)?([sdifxXobp])|%\{(\w+)\}|%/) do |m|
      name, flags, width, prec, verb, key = $1, $2, $3, $4, $5, $6
      next '%' if m == '%%'
      next hash.fetch(key.to_sym).to_s if key
      JSON.outside("the format #{text}") if m == '%' || prec.to_s.size > 3 || (verb == 's' || verb == 'p') && flags.include?('0')
      raise ArgumentError, 'too few arguments' if args.empty?
      v = name ? hash.fetch(name[1..-2].to_sym) : args.shift
      s = case verb
          when 's' then v.to_s
          when 'p' then v.inspect
          when 'd', 'i' then Integer(v).to_s
          else JSON.outside("the format #{text}")
          end
      JSON.outside("the format #{text}") if prec && verb != 'f' && verb != 's'
      s = s[0, prec[1..].to_i] if prec && verb == 's'
      s = (flags.include?('+') ? '+' : ' ') + s if flags =~ /[+ ]/ && 'dif'.include?(verb) && !s.start_with?('-')
      n = width.to_i
      next s.ljust(n) if flags.include?('-')
      next s.rjust(n) unless flags.include?('0')
      sign = s[/\A[-+ ]?/]
      sign + s[sign.size..].rjust(n - sign.size, '0')
    end
  end
  alias sprintf format
