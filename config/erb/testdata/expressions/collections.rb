[1, 2, 3].first + [1, 2, 3].last
[1, 2, 3].first(2) + [1, 2, 3].last(2)
[3, 1, 2].sort.reverse
[3, 1, 2].sort { |a, b| b <=> a }
%w(bb a ccc).sort_by(&:length)
%w(bb a ccc).sort_by { |x| [-x.length, x] }
[3, 1, 2].max.to_s + [3, 1, 2].min.to_s
[3, 1, 2].minmax
%w(bb a ccc).max_by(&:length)
[3, 1, 2].max(2)
[3, 1, 2].min(2)
[1, 2, 3].sum
[0.1, 0.2, 0.3].sum
[0.1] * 3
["a", "b"].sum("")
[1, 2, 3].inject(:*)
[1, 2, 3].reduce(10, :+)
[1, 2, 3].reduce(10) { |a, b| a + b }
[].sum.to_s + [].max.inspect + [].first.inspect
[1, nil, 2, nil].compact
[1, [2, [3, [4]]]].flatten
[1, [2, [3, [4]]]].flatten(1)
[1, 1, 2].uniq
%w(a A b).uniq(&:downcase)
[1, 2, 3, 4].partition(&:even?)
[1, 2, 3, 4].group_by(&:odd?)
%w(a b a).tally
[1, 2, 3].zip([4, 5, 6], [7, 8, 9])
[1, 2].zip([3])
[[1, 2], [3, 4]].transpose
[1, 2, 3].each_cons(2).to_a
[1, 2, 3].each_slice(2).to_a
[1, 2].product([3, 4])
[1, 2, 3].combination(2).to_a
[1, 2, 3].permutation(2).first(3)
[1, 2, 3].rotate
[1, 2, 3].rotate(-1)
[1, 2, 3].take(2) + [1, 2, 3].drop(2)
[1, 2, 3].take_while { |x| x < 3 }
[1, 2, 3].drop_while { |x| x < 2 }
[1, 2, 3].select(&:odd?) + [1, 2, 3].reject(&:odd?) + [1, 2, 3].filter { |x| x > 2 }
[1, 2, 3].find { |x| x > 1 }
[1, 2, 3].detect { |x| x > 5 }
[1, 2, 3].index(2)
[1, 2, 3].index { |x| x > 1 }
[1, 2, 3].find_index(3)
[1, 2, 1].rindex(1)
[1, 2, 3].include?(2)
[1, 2, 3].any? { |x| x > 2 }
[1, 2, 3].all?(Integer)
[nil, false].none?
[1, nil].one?
[1, 2, 2].count(2)
[1, 2, 3].count(&:even?)
[1, 2, 3].count
[1, 2, 3].each_with_index.map { |x, i| x * i }
[1, 2, 3].each.with_index(1).to_a
[1, 2, 3].map.with_index { |x, i| [i, x] }
[1, 2, 3].map.with_index(1) { |x, i| x * i }
%w(a b).each_with_index.to_h
%w(a b).each_with_object({}) { |x, h| h[x] = 1 }
[1, 2, 3].each_entry.to_a
[1, 2, 3].flat_map { |x| [x] * x }
[1, 2, 3].filter_map { |x| x * 2 if x.odd? }
[1, 2, 3, 5, 6].chunk_while { |a, b| b == a + 1 }.to_a
[1, 2, 4, 5].slice_when { |a, b| b > a + 1 }.to_a
[1, 1, 2].chunk { |x| x }.to_a
[1, 2, 3].cycle.first(5)
[1, 2, 3].lazy.map { |x| x * 2 }.select { |x| x > 2 }.first(1)
(1..Float::INFINITY).lazy.map { |x| x * 2 }.first(3)
(1..Float::INFINITY).lazy.select(&:even?).reject { |x| x % 4 == 0 }.take(2).to_a
[3, 1].push(4).unshift(0)
[1, 2] << 3 << [4]
[1, 2] + [3]
[1, 2, 2, 3] - [2]
[1, 2] & [2, 3]
[1, 2] | [2, 3]
[1, 2] * 2
[1, 2] * ", "
[1, 2] == [1, 2]
[1, 2] == [1.0, 2.0]
[1, 2].eql?([1.0, 2.0])
[1, 2] <=> [1, "a"]
[[2, 1], [1, 2]].sort
[1, "a"].sort
[nil, 1].sort
[3, nil].max
[1, 2, 3][0] + [1, 2, 3][-1]
[[1, 2, 3][5], [1, 2, 3][1..], [1, 2, 3][0, 2], [1, 2, 3][3..], [1, 2, 3][4..], [1, 2, 3][..1], [1, 2, 3][-2..]]
[1, 2, 3].values_at(0, 2, 5)
[1, 2, 3].fetch(1)
[1, 2, 3].fetch(9)
[1, 2, 3].fetch(9, :d)
[1, 2, 3].fetch(9) { |i| i * 2 }
[[1, [2]]].dig(0, 1, 0)
[1].dig(0, 1)
a = [1, 2, 3]; [a.pop, a.shift, a]
a = [1, 2, 3, 4]; [a.pop(2), a.shift(1), a]
a = [1, 2, 3]; [a.delete(2), a.delete(9), a]
a = [1, 2, 3]; [a.delete_at(1), a]
a = [1, 2, 3]; a.delete_if(&:even?); a
a = [1, 2, 3]; [a.select! { |x| x > 1 }, a.reject!(&:nil?), a]
a = [1, 2]; a.insert(1, :x, :y)
a = [1, 2]; a.insert(-2, :x)
a = [1, 2, 3]; a[1..2] = [9]; a
a = [1, 2, 3]; a[0, 2] = 7; a
a = [1]; a[3] = 4; a
a = [1, 2]; a.concat([3], [4])
a = [3, 1]; a.sort!; a.map! { |x| x * 2 }; a.reverse!; a
a = [1, nil]; a.compact!; a.push(*[5, 6]); a
a = [1, 1]; [a.uniq!, a.uniq!]
a = [1, 2, 3]; a.fill(0)
Array.new(3) { |i| i * i }
Array.new(2, "x")
Array.new(3)
Array(nil) + Array([1]) + Array(1..2) + Array("a") + Array({a: 1})
[1, 2, 3].join("-")
[1, [2, [3]]].join(",")
[1, nil, "a", :b, 2.0].join("|")
[1, nil, "a", :b, 2.0, [], {}, 1..2, "q\"q"].inspect
[1, nil].to_s
[[:a, 1]].to_h
[1, 2].to_h { |x| [x, x * 2] }
[1].to_h
[[1, 2, 3]].to_h
[1, 2, 3].to_a.equal?([1])
%w(a b).map(&:upcase).each_with_index.map { |x, i| "#{x}#{i}" }.join(",")
[1, 2, 3].each_slice(2).with_index.map { |x, i| [x, i] }
[1, 2, 3].reverse_each.map { |x| x }
[1, 2, 3].each_with_index.max_by { |x, i| -i }
[1, 2, 3, 4].sum { |x| x.to_f } / 4
[1, 2, 3].step rescue "nm"
[1, 2, 3].sample.class
[1, 2, 3].shuffle.sort
[1, 2, 3, 4, 5].bsearch { |x| x >= 3 }
[[1, :a], [2, :b]].assoc(2)
%w(x y).cycle(2).to_a
[1, 2, 3].none? { |x| x > 3 }
%w(apple pie).grep(/^a/)
[1, "a", :b].grep(String)
(1..10).grep(2..4) { |x| x * 2 }
%w(a b).grep_v("a")
[1, 2, 3].inspect.frozen?
[1, 2].frozen?
[1, 2].first.frozen?
[].empty? && ![1].empty?
[3, 5].each_index.to_a
[1, 2, 3].min_by { |x| -x }
["b", "B", "a"].sort_by(&:downcase)
["10", "9", "2"].sort_by(&:to_i)
["10", "9"].max
[0.5, 1].sort
[1, 2, 3].pack("C*")
[[3, "c"], [1, "a"]].sort.first
[1, 2, 3].difference([1], [2]) + [1].union([2]) + [1, 2].intersection([2])
[1, 2].intersect?([2])
[[1, 2], [3]].sum([])
[1, 2, 3].each { |x| }.inspect
[1, 2, 3].each
[1, 2].each_with_index
[1, 2].map
[1].each_slice(2)
{a: 1, "b" => 2, 3 => nil}
{a: 1}.to_s
{1 => 2.0, nil => true, [1] => {x: "y"}}
{}.inspect + {}.to_a.inspect
h = {a: 1}; h[:b] = 2; h.delete(:a); h
h = {b: 1, a: 2}; [h.keys, h.values, h.length, h.size, h.count]
h = {a: 1}; [h[:a], h[:z], h.fetch(:a), h.fetch(:z, 0), h.fetch(:z) { |k| k }]
{a: 1}.fetch(:z)
{"a" => 1}.fetch("z")
{a: {b: [1, {c: 2}]}}.dig(:a, :b, 1, :c)
{a: 1}.key?(:a) && {a: 1}.has_key?(:a) && {a: 1}.include?(:a) && {a: 1}.member?(:a)
{a: 1}.value?(1) && {a: 1}.has_value?(1)
{a: 1}.key(1)
{a: 1, b: 2}.invert
{a: 1}.merge({b: 2}, {c: 3})
{a: 1}.merge({a: 2}) { |k, o, n| o + n }
{a: 1, b: 2}.select { |k, v| v > 1 }
{a: 1, b: 2}.reject { |k, v| v > 1 }
{a: 1, b: 2}.filter { |k, v| k == :a }
{a: 1, b: 2}.map { |k, v| "#{k}=#{v}" }
{a: 1, b: 2}.map(&:first)
{a: 1, b: 2}.to_h { |k, v| [v, k] }
{a: 1, b: 2}.each_with_index.map { |(k, v), i| [k, v, i] }
{a: 1, b: 2}.each.with_index(1).map { |(k, v), i| [k, v, i] }
{a: 1, b: 2}.find { |k, v| v == 2 }
{a: 1, b: 2}.sort_by { |k, v| -v }
{a: 1, b: 2}.sort_by { |k, v| -v }.to_h
{a: 1, b: 2}.min_by { |k, v| v }
{a: 1, b: 2}.max_by { |_, v| v }
{a: 1, b: 2}.sum { |k, v| v }
{a: 1, b: 2}.inject { |a, b| a + b }
{a: 1, b: 2}.reduce(0) { |s, (k, v)| s + v }
{a: 1, b: 2}.partition { |k, v| v > 1 }
{a: 1, b: 2}.group_by { |k, v| v.odd? }
{a: 1, b: nil}.compact
{a: 1, b: 2}.transform_values { |v| v * 2 }
{a: 1, b: 2}.transform_values(&:to_s)
{a: 1, b: 2}.transform_keys(&:to_s)
{a: 1, b: 2}.transform_keys({a: :x})
{a: 1, b: 2}.slice(:a)
{a: 1, b: 2}.except(:a)
{a: 1, b: 2}.values_at(:a, :z)
{a: 1, b: 2}.fetch_values(:a)
{a: 1, b: 2}.any? { |k, v| v > 1 }
{a: 1, b: 2}.all? { |k, v| v > 0 }
{a: 1}.none?
{a: 1, b: 2}.count { |k, v| v > 1 }
{a: 1, b: 2}.first
{a: 1, b: 2}.first(1)
{a: 1, b: 2}.to_a
{a: 1, b: 2}.zip([3, 4])
{a: 1, b: 2}.flat_map { |k, v| [k] * v }
{a: 1, b: 2}.each_with_object([]) { |(k, v), a| a << k }
{a: 1, b: 2}.filter_map { |k, v| k if v > 1 }
{a: 1, b: 2}.each_slice(1).to_a
{a: 1}.empty? || {}.empty?
{a: 1} == {a: 1.0}
{a: 1, b: 2} == {b: 2, a: 1}
{a: 1}.eql?({a: 1})
{a: 1} <= {a: 1, b: 2}
h = Hash.new(0); "hello".each_char { |c| h[c] += 1 }; h
h = Hash.new { |hash, k| hash[k] = k * 2 }; [h[2], h]
h = Hash.new { |hash, k| "no #{k}" }; [h[:x], h.size, h.fetch(:x, 1)]
Hash[[[:a, 1]]]
Hash[1, 2]
h = {a: 1}; h.store(:b, 2); h.update(c: 3); h
h = {a: 1, b: 2}; h.delete_if { |k, v| v > 1 }; h
h = {a: 1, b: 2}; [h.reject! { |k, v| v > 5 }, h.select! { |k, v| v > 1 }, h]
h = {a: 1, b: 2}; [h.shift, h]
h = {a: 1}; h.each { |k, v| h[k] = v + 1 }; h
h = {a: 1}; h.default = 5; [h[:z], h.dig(:z)]
h = {}; h["x"] ||= []; h["x"] << 1; h
h = {a: 1}.freeze; h[:b] = 1
{a: 1}.dup.merge!(b: 2)
{"b" => 1, "a" => 2}.sort
{"b" => 1, "a" => 2}.min
{a: [1, 2]}.sum { |k, v| v.sum }
{a: 1}.each { |pair| break pair }
{a: 1}.map { |pair| pair.class }
{a: 1}.each_pair { |k, v| break "#{k}#{v}" }
{a: 1}.each_key.to_a + {a: 1}.each_value.to_a
{a: 1, **{b: 2}, c: 3}
{a: 1, a: 2}
{"a": 1}.keys
{1 => :a}[1.0]
{1.0 => :a}[1.0]
{[1, 2] => :x}[[1, 2]]
{"k" => 1}["k"]
h = {}; h[[1]] = 2; h[{a: 1}] = 3; [h[[1]], h[{a: 1}]]
s = "k"; h = {s => 1}; s << "x"; h
h = {a: 1}; h.to_a.frozen?
{a: 1}.to_json rescue "x"
{a: 1}.sum { |k, v| v.to_f }
{a: 3, b: 1}.sort_by(&:last).first.first
{b: 1}.merge(a: 2).sort.to_h
{a: 1}.compare_by_identity.class
{a: nil}.fetch(:a)
{a: 1}.then { |h| h[:a] }
{a: {b: 1}}.to_a.flatten
{a: 1}.assoc(:a)
{a: 1, b: 2}.each_cons(2).to_a
{a: 1, b: 2}.reverse_each.to_a
{a: 1, b: 2}.min_by(2) { |k, v| v }
{a: 1, b: 2}.cycle.first(3)
{a: 1, b: 2}.tally
{a: 1, b: 1}.uniq { |k, v| v }
{a: 1, b: 2}.find_all { |k, v| v == 1 }
{a: 1}.key?("a")
{"a" => 1, :a => 2}
(1..5).to_a + (1...5).to_a
(1..10).step(3).to_a
1.step(10, 4).to_a
(1..5).sum + (1...5).sum
(1..5).reduce(:*)
(1..3).map { |x| x * 2 }
(1..3).each_with_index.to_a
(1..3).include?(2.5)
(1..3) === 2
(1..3).cover?(1..2)
(1..10) % 3
("a".."e").to_a.join
("a".."e").each_slice(2).to_a
(1..3).min.to_s + (1..3).max.to_s + (1..3).minmax.inspect
(3..1).to_a
(1..3).size.to_s + (1...3).count.to_s
(1..nil).first(2)
(1.0..2.0).include?(1.5)
(1.0..2.0).to_a
(1..3).to_s + (1...3).inspect + ("a".."b").inspect + (1..).inspect + (..1).inspect
(1..3).step(0.5).to_a
1.step(2, 0.5).to_a
(1..3).each_cons(2).to_a
(1..3).zip(4..6)
(1..3).begin + (1..3).end + (1..3).first + (1..3).last
(1..3).last(2)
(1..6).each_slice(2).map(&:sum)
(1..3).inject { |a, b| a * b }
(1..3).partition(&:odd?)
(1..3).reverse_each.to_a
(1..3).tally
(1..3).each_entry.to_a
(1..3) == (1..3)
(1..3).eql?(1..3)
(1..3).hash == (1..3).hash
(1..3).exclude_end?
Range.new(1, 3, true)
(1..Float::INFINITY).size
(1..).each { |x| break x if x > 3 }
1.upto(3).to_a + 3.downto(1).to_a
3.times.to_a
3.times.map { |i| i * 2 }
10.downto(7).select(&:even?)
[1, 2, 3].to_enum.next
e = [1, 2].each; [e.next, e.next, (e.next rescue "stop")]
e = [1, 2, 3].each_with_index; e.next
[4, 5].each_with_index.to_a
%w(a b c).each_with_index.reject { |x, i| i == 1 }.map(&:first)
[1, 2, 3].each_slice(2).include?([3])
Set.new([1, 2, 2]).size
Set[1, 2] | Set[3]
Set[1, 2].include?(1)
Set[3, 1].to_a.sort
[1, 1].to_set
Set[1, 2] & [2]
Set[1, 2] == Set[2, 1]
Set[1, 2].map { |x| x + 1 }
Set[1].add(2) << 3
Set[1, 2].subset?(Set[1, 2, 3])
a = [1, 2, 3]; a.each_with_index { |x, i| a[i] = x * 2 }; a
a, b = [1, 2, 3, 4].partition { |x| x > 2 }; [a, b]
a = %w(x y z); "#{a}"
x = [[1, 2], [3, 4]]; x.map { |(a, b)| a * b }
[1, 2, 3].inject { |m, x| m > x ? m : x }
["a", nil].map(&:to_s)
[[1, 2], [3, 4]].each { |a, b| break a + b }
[1, 2, 3, 4].each_slice(2).to_h
[["a", 1], ["b", 2]].each_with_object({}) { |(k, v), h| h[k.to_sym] = v }
%w(a=1 b=2).map { |s| s.split("=") }.to_h.transform_values(&:to_i)
[3, 1, 2].sort.each_with_index.map { |v, i| v * i }.sum
[1, 2, 3].sum.fdiv(3).round(2)
[1, 2, 3, 4].each_cons(2).map { |a, b| b - a }
[nil, 1, false, 2].select(&:itself)
["b", "a"].sort!.first
%w(a b c d).each_slice(2).map { |a, b| "#{a}#{b}" }
[1, 2, 3].dup.tap { |a| a.pop }
[0] * 3 + [1]
["x"].cycle(2).map(&:upcase)
[[1, 2], [3]].flat_map(&:itself)
OpenStruct.new(a: 1).a
OpenStruct.new(a: 1).b.inspect
o = OpenStruct.new; o.x = 5; [o.x, o[:x], o.to_h, o.respond_to?(:x)]
OpenStruct.new(a: 1, b: "x")
