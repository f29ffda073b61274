/a.c/.match("abc")[0]
/a.c/.match?("abc")
/(\d+)-(\d+)/.match("10-20").captures
/(?<a>\d+)-(?<b>\d+)/.match("10-20").named_captures
/(?<a>\d+)/.match("x10").pre_match
m = "foo bar baz".match(/b(a)(r)/); [m[0], m[1], m[2], m.pre_match, m.post_match, m.begin(0), m.end(1), m.to_a, m.size]
"foo" =~ /o/; [$~[0], $`, $', $&]
"foo" =~ /(x)?o/; [$1, $+]
"nope" =~ /x/; $~
if "v1.2" =~ /v(\d)\.(\d)/ then [$1, $2] end
$1
Regexp.last_match.inspect
"a1" =~ /(\d)/; Regexp.last_match(1)
/a/i =~ "A"
/a b/x =~ "ab"
/a.b/m =~ "a\nb"
/a.b/ =~ "a\nb"
/^b$/ =~ "a\nb\nc"
/\Ab\z/ =~ "a\nb\nc"
/b\Z/ =~ "ab\n"
/\bfoo\b/ =~ "a foo b"
/\h+/.match("xyz1f")[0]
/[[:alpha:]]+/.match("123abc")[0]
/[[:upper:][:digit:]]+/.match("abC1d")[0]
/[^[:space:]]+/.match("  ab ")[0]
/\p{L}+/.match("1éa")[0]
/\p{Alpha}/ =~ "1é"
/\P{L}/ =~ "a1"
/[a-z&&[^aeiou]]+/.match("aeixyz")[0]
/[a[bc]d]+/.match("xabcdx")[0]
/\w/ =~ "é"
/[[:word:]]/ =~ "é"
/\d/ =~ "٣"
/\s/ =~ "\u00a0"
/\R/ =~ "a\r\n"
/a{2,3}/.match("aaaa")[0]
/a{,2}/.match("aaaa")[0]
/a{2}/.match("aaaa")[0]
/a{x}/ =~ "a{x}"
/a+?/.match("aaa")[0]
/a++b/ =~ "aaab"
/(?>a+)b/ =~ "aab"
/foo(?=bar)/ =~ "foobar"
/foo(?!bar)/ =~ "foobar foobaz"
/(?<=foo)bar/ =~ "foobar"
/(?<!foo)bar/ =~ "foobar xbar"
/(a)\1/ =~ "baa"
/(?<x>a)\k<x>/ =~ "baa"
/foo\Kbar/.match("foobar")[0]
/(?i)a/ =~ "A"
/(?i:a)b/ =~ "Ab"
/(?-i:a)/i =~ "A"
/a|b/ =~ "xb"
/(?:a|b)+/.match("xabab")[0]
/[\]\-]/ =~ "x-"
/[a\-z]/ =~ "-"
/[-a]/ =~ "-"
/[a-]/ =~ "-"
/\// =~ "a/b"
%r{a/b} =~ "a/b"
%r{a\/b}
/a\/b/
/a#{1 + 1}b/
/#{"a.b"}/ =~ "a.b"
/#{Regexp.escape("a.b")}/ =~ "axb"
/#{/a/i}b/
/a/.source + /a/ix.inspect + /a/m.to_s
/a/ == /a/
/a/.options + /a/ix.options
Regexp.new("a+").match("caat")[0]
Regexp.new("a", Regexp::IGNORECASE)
Regexp.new("[")
Regexp.new("(")
Regexp.new("*")
Regexp.escape("a.b*c[d]-e f\n")
Regexp.union("a.b", /c/i)
Regexp.union(%w(a b))
/a/ === "cat"
/a/ === :cat
/a/ === nil
/a/ =~ nil
"abc".match(/b/) { |m| m[0] * 2 }
"ab12cd".slice(/\d+/)
"2024-01-15"[/(\d+)-(\d+)/, 2]
"foo.tar.gz"[/\.(.*)\z/, 1]
"a,b;c".split(/[,;]/)
"aAbB".scan(/[A-Z]/)
"k1=v1&k2=v2".scan(/(\w+)=(\w+)/)
"k1=v1&k2=v2".scan(/(\w+)=(\w+)/).to_h
"test123abc".gsub(/\d+/) { |n| (n.to_i * 2).to_s }
"John Smith".sub(/(\w+) (\w+)/, '\2, \1')
"aaa".gsub(/a/, "a" => "b")
"hello".gsub(/[el]/, "e" => "3", "l" => "1")
"x".gsub(/x/, "\\\\")
"path".gsub(/^/, "/")
"a\nb".gsub(/$/, ";")
"foo bar".gsub(/\b(\w)/) { $1.upcase }
"1.2.3" =~ /\A\d+(\.\d+)*\z/
"ubuntu-18.04".match(/^(?<name>[^-]+)-(?<version>.+)$/)["version"]
"centos-7" =~ /^(centos|rhel)-(\d)/ ? $2.to_i : 0
"abc".sub(/(?<l>b)/, '<\k<l>>')
"α1".scan(/\w/)
"tel: 555-1234"[/\d{3}-\d{4}/]
"aXbXc".gsub("X", "X" => "-")
"foo(bar)".gsub(/[()]/, "")
"\\d" =~ /\\d/
"a.b.c".gsub(/\.(?=[^.]*$)/, "!")
"word word".gsub(/(\w+) \1/, 'dup')
"line1\nline2"[/^line2$/]
"ABC".gsub(/(?<=A)B/, "x")
/x/.match("y")
/(a)(b)?/.match("a").to_a
/(a)(b)?/.match("a").inspect
/(?<n>a)/.match("a").inspect
/(?<n>a)/.match("a").names
"ab".match(/(?<x>a)(?<y>b)/).values_at(:x, :y)
/(\w)(\w)/.match("ab").values_at(1, 2)
case "ubuntu-20.04" when /^centos/ then 1 when /^ubuntu-(\d+)/ then $1 end
%w(a1 b2).map { |s| s[/\d/] }
%w(a1 b2).grep(/b/) { |s| s.upcase }
"foobar".start_with?(/fo+/)
"a1b22".tr("0-9", "").length
"A-B".downcase.gsub(/[^a-z]/, "_")
"été" =~ /t/
"été".index(/é\z/)
/[é]/ =~ "caé"
/\u00e9/ =~ "é"
/\x41/ =~ "A"
/\t/ =~ "a\tb"
/[\w.]+@[\w.]+/.match("me a.b@c.d x")[0]
/(\d+)(?:px|em)/.match("12em")[1]
/^\s*#/ =~ "  # c"
/a(?#comment)b/ =~ "ab"
/(a(b(c)))/.match("abc").captures
"aab".sub(/a*?b/, "x")
"\n" =~ /^$/
"" =~ /^$/
"a\n\nb" =~ /^$/
"abc" !~ /d/
"a" "b" =~ /b/
"a\\b".gsub("\\", "/")
"a/b".gsub("/", "\\")
'C:\x'.gsub('\\', '/')
"$HOME/x".gsub(/\$(\w+)/) { "<#{$1}>" }
"{{a}} {{b}}".gsub(/\{\{(\w+)\}\}/) { $1.upcase }
"foo".gsub(/o/).to_a
"foo".enum_for(:scan, /o/).map { Regexp.last_match.begin(0) }
/(?<year>\d{4})-(?<mon>\d\d)/ =~ "on 2024-05"; "#{mon}/#{year}"
/z(?<q>x)/ =~ "a"; q.inspect
"abcd".each_char.grep(/[bd]/)
/[^\d]/ =~ "1a"
/[\d\s]+/.match("a1 2b")[0]
/[\W]/ =~ "aé"
/\A[\x00-\x7f]*\z/ =~ "abc"
/(?<a>.)(?<b>.)/.match("xy").deconstruct_keys([:a]) rescue "nm"
"x-y_z".split(/[-_]/)
"a  b".split(/\s+/)
"abc".split(/(?<=b)/)
"v10".sub(/\d+/) { |m| m.succ }
/\$\{(\w+)\}/.match("a${b}c")[1]
/a{0}b/ =~ "b"
/(?:)/ =~ "x"
/[[:punct:]]/ =~ "a$"
/\Aabc\Z/ =~ "abc\n"
/(?m:.)/ =~ "\n"
/(?x: a b )/ =~ "ab"
/ab?+c/ =~ "ac"
/(a|ab)(c|bcd)(d*)/.match("abcd").captures
/\//.source
/[\/]/.source
%r{/}.source
%r{/}.inspect
