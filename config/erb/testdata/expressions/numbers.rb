7 / 2
-7 / 2
7 % 3
-7 % 3
7 % -3
7.remainder(-3)
-7.remainder(3)
7.divmod(2)
-7.divmod(2)
7.5.divmod(2)
7.fdiv(2)
7.0 / 2
7 / 2.0
1 / 0
1.0 / 0
-1.0 / 0
0.0 / 0
1 % 0
5.0 % 3
-5.5 % 3
2 ** 10
2 ** -1
2 ** 0.5
2 ** 100
(-2) ** 3
10 ** 20
10 ** -2
4 ** 0.5
0 ** 0
1 + 1.0
1 - 0.9
0.1 + 0.2
1.1 * 3
3.0
3.14
1e2
1e15
1e16
123456789012345.0
1234567890123456.0
1e-4
1e-5
0.00001234
1e100
1.0e-10
-0.0
100.0.to_s
1e20.to_i
1.5.to_i + -1.5.to_i
3.7.floor + 3.2.ceil + 3.5.round + 3.7.truncate
-3.7.floor + -3.2.ceil + -3.5.round + -3.7.truncate
2.5.round + 3.5.round + -2.5.round
2.5.round(half: :even) + 2.5.round(half: :down) + 2.5.round(half: :up)
3.14159.round(2)
3.14159.floor(2)
3.14159.ceil(2)
1234.567.round(-2)
1234.round(-2)
1250.round(-2)
1350.floor(-2)
1.005.round(2)
2.675.round(2)
0.5.round + 1.5.round
1e20.round(2)
10.0.round(2)
15.round(-1)
25.round(-1, half: :even)
5.abs + -5.abs
-5.5.abs
5.even?.to_s + 5.odd?.to_s
0.zero?.to_s + 5.positive?.to_s + -5.negative?.to_s
5.pred + 5.succ + 5.next
5.clamp(1, 3) + 5.clamp(..3) + 0.clamp(1, 3)
5.between?(1, 10)
10.gcd(4) + 10.lcm(4)
255.to_s(2) + 255.to_s(16) + 255.to_s(8)
255.digits
65.chr
233.chr.bytes
300.chr
8364.chr("UTF-8")
5.to_f + 5.to_i
5.to_s + 5.inspect
5.bit_length
5 & 3 | 8 ^ 1
~5
1 << 10
1 << -1
-1 >> 1
5[0] + 5[1]
3.times.to_a
1.upto(3).map { |x| x }
10.pow(3)
10.pow(3, 7)
10.digits.sum
1_000_000.to_s
12345678901234567890
12345678901234567890 + 1
12345678901234567890 * 98765432109876543210
9223372036854775807 + 1
-9223372036854775808 - 1
9223372036854775807 * 2
4611686018427387904 * 2
12345678901234567890 / 7
12345678901234567890 % 7
-12345678901234567890 / 7
(2 ** 64).class
2 ** 64 == 18446744073709551616
2 ** 64 > 1.0
2 ** 64 - 2 ** 64
(2 ** 64).to_f
1 == 1.0
1.eql?(1.0)
1.equal?(1)
1 <=> 2
1 <=> "a"
1 == "1"
1 < "a"
1 + "a"
1 + nil
1 * "a"
[1, 2.0].sum
1.0.to_i.class
3.7 % 1
1.23456789012345e+25
Integer("42") + Integer("0x1f", 16) + Integer("0b11", 2) + Integer("0o17") + Integer("-5")
Integer("42abc")
Integer("")
Integer(nil)
Integer("1_000")
Integer(" 42 ")
Integer("4.5")
Integer(4.9)
Integer("z", exception: false)
Integer("11", 2)
Float("1.5") + Float("1e3") + Float(" 2 ")
Float("abc")
Float("")
Float("1.")
Float("1_000.5")
Float(nil)
Float("x", exception: false)
Rational(1, 3)
Rational("1/3") + 1
1r / 3
1 / 3r
0.5.to_r
0.1.rationalize(Rational(1, 100))
3.14.rationalize(0.01)
Rational(7, 2).to_i + Rational(7, 2).round + Rational(7, 2).floor + Rational(7, 2).ceil
Rational(1, 3).to_f
Rational(1, 2) + 0.5
Rational(1, 2) == 0.5
Rational(3, 1).inspect
1.quo(2)
Math.sqrt(16)
Math.sqrt(-1)
Math::PI.round(5)
Math.log(Math::E)
Math.log2(8) + Math.log10(1000) + Math.log(8, 2)
Math.hypot(3, 4)
Math.cbrt(27)
Integer.sqrt(17)
Float::INFINITY
Float::NAN.nan?
Float::MAX
Float::MIN
Float::EPSILON
1.0.infinite?.inspect + (1.0 / 0).infinite?.inspect
1.0.finite?
1.integer? && !1.0.integer?
3.14.to_s + 3.0.to_s + 3e0.to_s
1.0.eql?(1.0)
1.hash == 1.hash
3.7.to_r
1.next_float rescue "nm"
100.digits(16)
1.coerce(2.5)
1.5.coerce(2)
1.step(10, 3).to_a
10.step(1, -3).to_a
1.0.step(2.0, 0.5).to_a
1.step(by: 2, to: 7).to_a
1.0.step(1.3, 0.1).to_a
0.1.step(1.0, 0.1).to_a
(0.0..1.0).step(0.25).to_a
5.dup
5.frozen?
5.0.floor.class
5.nonzero?.inspect + 0.nonzero?.inspect
5.numerator + 5.denominator
0b1010 + 0o12 + 0xa + 10
1.size
-7.abs.to_s.rjust(3, "0")
3.zero? ? 1 : 2
1.0 <=> Float::NAN
[0.1, 0.2, 0.3].sum == 0.6
[0.1, 0.2, 0.3].inject(:+) == 0.6
0.1 + 0.2 == 0.3
1234567.89.to_s
100000000000000000.0
1e23
9007199254740993
9007199254740993.0
1.1 - 1.0
4.35 * 100
1.15.round(1)
1.25.round(1)
1.35.round(1)
0.285.round(2)
5.015.round(2)
10.0 / 3
(10.0 / 3).round(3)
1e3.to_i
"1e3".to_f.to_i
12.34.divmod(5)
-13 / 4.0
13.pow(-1)
6.0.to_s + 6.5.to_s
1.fdiv(3).round(4)
1.ceil(-1) + 15.floor(-1) + 15.truncate(-1)
0.1.floor(20)
25.0.floor(-1)
1.0.to_s.to_f
nil.to_i + nil.to_a.size + nil.to_s.size
nil.to_h
nil & true
nil | 1
nil.inspect
NilClass
true & false | true ^ true
true.to_s + true.class.to_s
!nil && !!1
true && "x"
nil.nil? && !1.nil?
rand(1)
rand(1..1)
rand.class
Random.rand(1)
Random.new(42).class rescue "x"
Comparable.instance_method(:clamp).class rescue "x"
5.then { _1 * 2 }
1.instance_variables
5.methods.include?(:+)
5.respond_to?(:upto)
1.method(:+).call(2)
[1, 2, 3].map(&2.method(:+))
[5, 3].max_by { |x| x }
%w(1 2 3).sum(&:to_i)
10.to_s.rjust(5, "0")
"%.3f" % (2 / 3.0)
"%d" % 1e10
"%s" % 1e10
1e10.to_i
1_0.0
1e-7.to_s
123e18
1.0e+16.to_i
