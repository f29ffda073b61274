"abc".upcase + "ABC".downcase + "abc".capitalize + "aBc".swapcase
"hello world".capitalize
"éà".upcase
"ÀÉ".swapcase
"abc".length + "é".size + "é".bytesize
"abc"[0] + "abc"[-1] + "abc"[1, 2] + "abc"[0..1] + "abc"[1..] + "abc"[..1]
["abc"[3], "abc"[3, 1], "abc"[4, 1], "abc"[3..], "abc"[-4], "abc"[1, -1], "abc"[5..]]
"abc"["b"].inspect + "abc"["z"].inspect
"abc"[/b(c)/, 1]
"ab12"[/(?<n>\d+)/, "n"]
"ab12"[/(?<n>\d+)/, :n]
"héllo"[1, 3]
"abc".slice(0, 2)
s = "hello"; s[0] = "J"; s
s = "hello"; s[1..2] = "XX"; s
s = "hello"; s["ell"] = "ipp"; s
s = "hello"; s[/l+/] = "L"; s
s = "hello"; [s.slice!(1..2), s]
s = "abc"; s[5] = "x"
"a,b,,c,,".split(",")
"a,b,,c,,".split(",", -1)
"a,b,c".split(",", 2)
" a  b c ".split
" a  b c ".split(" ")
" a  b c ".split(" ", 2)
" a  b c ".split(/ /)
"abc".split("")
"a1b2c3".split(/\d/)
"a1b2c3".split(/(\d)/)
"".split(",")
"abc".split(/b/, -1)
"a b".split(nil)
"2024-01-02".split("-").map(&:to_i)
"a\nb\n".split("\n")
"aXbXc".split("X") { |x| x }
"a b c".sub(" ", "-")
"a b c".gsub(" ", "-")
"a.b".gsub(".", "-")
"abc".gsub(/[ac]/) { |m| m.upcase }
"abc".gsub(/[ac]/, "a" => "1", "c" => "3")
"abc".gsub(/(a)(b)/, '\2\1')
"abc".gsub(/(?<x>b)/, '[\k<x>]')
"abc".gsub(/b/, '\0\0')
"abc".gsub("b", '\0\0')
"abc".gsub(/b/, '\\\\')
"abc".gsub(/x*/, "-")
"abc".gsub(/b/) { $~[0] + $1.inspect }
"hello".gsub(/l/, "L").sub("L", "1")
"path/to/file".gsub("/", "::")
"CamelCaseString".gsub(/([A-Z])/) { "_" + $1.downcase }.sub(/^_/, "")
"snake_case".split("_").map(&:capitalize).join
"a1".gsub(/\d/) { |d| (d.to_i + 1).to_s }
s = "abc"; [s.sub!("b", "x"), s, s.sub!("q", "x")]
s = "abc"; [s.gsub!(/./) { |c| c.ord.to_s }, s]
"hello".gsub(/l/).with_index.map { |m, i| "#{m}#{i}" }
"hello".tr("el", "ip")
"hello".tr("a-y", "b-z")
"hello".tr("^l", "*")
"hello".tr("l", "")
"a-b_c".tr("-_", "  ")
"hello".tr_s("l", "r")
"hello".delete("l")
"hello".delete("a-k", "^e")
"aaabbb".squeeze
"aaabbb".squeeze("a")
"hello world".count("lo")
"hello world".count("a-z", "^l")
"abc".index("c").inspect + "abc".index("z").inspect + "abcabc".index("b", 2).to_s
"abcabc".rindex("b").to_s + "abcabc".rindex("b", 3).to_s
"héllo".index("l")
"abc123".index(/\d/)
"abcabc".rindex(/[ab]/)
"abc".include?("b") && !"abc".include?("z")
"abc".start_with?("a", "z")
"abc".start_with?(/[ab]/)
"abc".end_with?("bc")
"abc".start_with?("")
"abc".match?(/b/)
"abc".match(/(?<l>b)/)[:l]
"abc".match(/z/)
"abc".match("b(.)")[1]
"abc" =~ /c/
"abc".scan(/./)
"a1b2".scan(/([a-z])(\d)/)
"abc".scan("b")
"foo bar".scan(/\w+/) { |w| w }
" x ".strip + "|" + " x ".lstrip + "|" + " x ".rstrip
"\t\n x \0".strip
"x\n".chomp + "x\r\n".chomp + "x".chomp + "x\n\n".chomp
"x.rb".chomp(".rb") + "abc".chomp("")
"abc".chop + "a\r\n".chop + "".chop
"abc".delete_prefix("a").delete_suffix("c")
"abc".reverse
"héé".reverse
"5".rjust(3, "0") + "5".ljust(3, "ab") + "|" + "5".center(6, "*") + "5".center(3)
"abc".insert(1, "X") + "abc".insert(-1, "Y")
"abc".insert(5, "X")
"a" + 1
"a" + nil
"a" << 98 << "c"
"ab" * 3
"ab" * -1
"a" <=> "b"
"a" <=> 1
"a" == :a
"a".eql?("a") && "a".equal?("a") == false
"abc".hash == "abc".hash
"a".between?("a", "c")
"b".clamp("c", "d")
"abc".casecmp("ABD")
"abc".casecmp?("ABC")
"abc".ord
"é".ord
"".ord
"abc".bytes
"é".bytes
"abc".chars
"aé".each_char.to_a
"a\nb\nc".lines
"a\nb\n".lines(chomp: true)
"a\n\nb\n\n\nc".lines("")
"a,b".lines(",")
"a\nb".each_line.map(&:chomp)
"abc".each_char.with_index.map { |c, i| c * (i + 1) }
"abc".codepoints
"abc".sum
"abc".hex.to_s + "0x1F".hex.to_s + "ff".hex.to_s
"777".oct.to_s + "0x1f".oct.to_s + "0b11".oct.to_s + "9".oct.to_s
"12abc".to_i.to_s + "abc".to_i.to_s + "-5".to_i.to_s + "1_000".to_i.to_s + " 42".to_i.to_s + "1__2".to_i.to_s
"z".to_i(36).to_s + "0x1f".to_i(16).to_s + "11".to_i(2).to_s
"1.5abc".to_f.to_s + "abc".to_f.to_s + "1e3".to_f.to_s + ".5".to_f.to_s + "1_000.5".to_f.to_s + "-1.5e-2".to_f.to_s
"1.5".to_r
"abc".to_sym
"a b".to_sym.inspect
"abc".succ + "az".succ + "zz".succ + "a9".succ + "Zz".succ + "1.9".succ + "".succ + "a-9".succ + "<<z>>".succ + "1.2.9".succ + "***".succ + "-9".succ
"a".upto("e").to_a
"08".upto("11").to_a
"a".ljust(0)
"abc".partition("b")
"abc".partition("z")
"a.b.c".rpartition(".")
"abc".partition(/b/)
"a1b2".rpartition(/\d/)
"abc".unpack("C*")
"abc".unpack1("H*")
"abc".dump + "é\n".dump
"a\u0000\u0001\e\"\\\#{".inspect
"#a \#$a \#@a #1".inspect
"\u200b\u00ad\u{1f600}\x7f".inspect
"\xff\xfe".inspect
"abc".encoding
"abc".force_encoding("UTF-8").valid_encoding?
"abc".unicode_normalize
"abc".ascii_only?
"abc".frozen?
"abc".empty? || "".empty?
"%d apples" % 3
"%s-%s" % %w[a b]
"%-10s|%5d|%05d|%+d|%x|%o|%b|%e|%g|%c|%%|%p" % ["ab", 42, 42, 42, 255, 8, 5, 12345.678, 0.0001, "z", nil]
"%.2f %.0f %5.1f %f" % [1.005, 2.5, 3.14159, 1]
"%#x %#o %#b %X" % [255, 8, 5, 255]
"%x %b %o" % [-255, -5, -8]
"%<a>05.1f %{b}" % {a: 1.25, b: "x"}
"%3$s %1$s %2$s" % %w[a b c]
"%*d|%-*d|" % [5, 1, 5, 2]
"%s" % [[1, 2]]
"%s %s" % [1]
"%d" % "abc"
"%d" % nil
"%d" % "0x1f"
"%f" % "1.5"
"%z" % 1
"%" % []
"%s" % :sym
"%d" % 3.99
"%d" % -3.99
"%c%c" % [65, "BC"]
"%10.3s|" % "abcdef"
"% d" % 5
"%e" % 0
"%g %g %g %g" % [1e10, 1e-5, 123456789.0, 1.5]
"%s" % true
"%08.3f" % -3.14159
"%+x" % -255
"%.10d" % 42
"%.3g" % 1234.5
"%a" % 1 rescue "err"
"%s" % nil.inspect
"%-5s|" % nil
"%05s|" % "a"
"%d%%" % 50
"%2$s" % ["a"]
"abc".tr('a-c', 'A-C')
"hello world foo".split.map(&:capitalize).join(" ")
"title case".gsub(/\b\w/) { |c| c.upcase }
"x".then { |s| s + "y" }
"a".concat("b", "c")
"b".prepend("a")
"abc".replace("x")
"abc".clear
"a,b;c".split(/[,;]/)
"key=value=x".split("=", 2)
"1,2,3".split(",").sum(&:to_i)
"abc".each_char.select { |c| c > "a" }.join
"hello"[1..-2]
"hello"[-3, 2]
"ubuntu-20.04"[/\d+/].to_i
"ubuntu-20.04"[/(\w+)-([\d.]+)/, 2]
"ubuntu-20.04".tr(".", "")
"ubuntu-20.04".match(/(?<os>[a-z]+)-(?<ver>.*)/).named_captures
"a" "b".upcase
"abc".method(:upcase).call
"a-b".tr("-", "_").to_sym
"abc".crypt("ab") rescue "x"
"Hello".sub(/(?<first>H)/) { $~[:first].downcase }
"aaa".sub(/a/) { |m| m.next }
"x=1;y=2".split(";").map { |kv| kv.split("=") }.to_h
"multi\nline\ntext".gsub(/^/, "  ")
"multi\nline\n".gsub(/^/, "  ")
"a\n".gsub(/$/, "X")
"text".gsub(/(?=x)/, "-")
"1234567".reverse.scan(/\d{1,3}/).join(",").reverse
"1234567".gsub(/(\d)(?=(\d{3})+$)/, '\1,')
"foo.bar.baz".rpartition(".").first
"ab\\c".inspect
'a\nb'.length
"\\" + '\\' + '\''
"tab\tx".expand_tabs rescue "nm"
"abc".slice(1..)
"abcdef".each_char.each_slice(2).map(&:join)
"ab".ljust(5, ".") + "|"
"été".capitalize
"ǆ".capitalize
"ß".upcase
"STRASSE".casecmp?("straße")
"abc".delete("^a")
"a".ord.chr
"%s" % "é".center(5, "*")
"line1\r\nline2\r\n".lines.map(&:chomp)
"A".."C"
("A".."C").include?("B")
("a".."zz").count
"abc" "def"
"a".."e" === "c"
"v1.2.3".delete("v").split(".").map(&:to_i)
"v1.2.3".sub(/\Av/, "")
"true" == "true"
!!("yes" =~ /\A(y|yes|true)\z/i)
"a".instance_of?(String)
"abc".to_s.equal?("abc")
String.new("x") << "y"
String(5) + String(nil)
Array("a\nb")
"abc".byteslice(0, 2)
"abc".getbyte(0)
"ab\0c".unpack("a2")
"a%b".shellescape
"a 'b c' d".shellsplit
"%{x}" % {y: 1}
"%<x>d" % {y: 1}
