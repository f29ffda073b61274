package erb

// tableBuilders lists the native methods of every core class; a name with a dot
// behind it holds class methods.
func tableBuilders() map[string]func(methodTable) {
	return map[string]func(methodTable){
		"Kernel":            kernelMethods,
		"Kernel.":           kernelModuleMethods,
		"Object":            objectMethods,
		"main":              mainMethods,
		"Module":            moduleMethods,
		"Class":             classMethods,
		"Comparable":        comparableMethods,
		"Enumerable":        enumerableMethods,
		"NilClass":          nilMethods,
		"TrueClass":         boolMethods,
		"FalseClass":        boolMethods,
		"Numeric":           numericMethods,
		"Integer":           integerMethods,
		"Integer.":          integerClassMethods,
		"Float":             floatMethods,
		"Rational":          rationalMethods,
		"String":            stringMethods,
		"String.":           stringClassMethods,
		"Symbol":            symbolMethods,
		"Regexp":            regexpMethods,
		"Regexp.":           regexpClassMethods,
		"MatchData":         matchMethods,
		"Array":             arrayMethods,
		"Array.":            arrayClassMethods,
		"Hash":              hashMethods,
		"Hash.":             hashClassMethods,
		"Range":             rangeMethods,
		"Range.":            rangeClassMethods,
		"Proc":              procMethods,
		"Proc.":             procClassMethods,
		"Method":            methodMethods,
		"Enumerator":        enumeratorMethods,
		"Enumerator.":       enumeratorClassMethods,
		"Exception":         exceptionMethods,
		"Exception.":        exceptionClassMethods,
		"Struct.":           structClassMethods,
		"Struct":            structMethods,
		"Time":              timeMethods,
		"Time.":             timeClassMethods,
		"Date":              dateMethods,
		"Date.":             dateClassMethods,
		"File.":             fileClassMethods,
		"FileTest.":         fileTestMethods,
		"File":              fileMethods,
		"Dir.":              dirClassMethods,
		"ENV":               envMethods,
		"JSON.":             jsonMethods,
		"Psych.":            yamlMethods,
		"Math.":             mathMethods,
		"Random.":           randomMethods,
		"Pathname":          pathnameMethods,
		"Pathname.":         pathnameClassMethods,
		"Gem::Version":      gemVersionMethods,
		"Gem::Version.":     gemVersionClassMethods,
		"Gem::Requirement":  gemRequirementMethods,
		"Gem::Requirement.": gemRequirementClassMethods,
		"Set":               setMethods,
		"Set.":              setClassMethods,
		"OpenStruct":        openStructMethods,
		"OpenStruct.":       openStructClassMethods,
		"Process.":          processMethods,
		"Etc.":              etcMethods,
		"Socket.":           socketMethods,
		"SecureRandom.":     secureRandomMethods,
		"Shellwords.":       shellwordsMethods,
		"Base64.":           base64Methods,
		"Digest::Base.":     digestMethods,
		"URI.":              uriMethods,
		"CGI.":              cgiMethods,
		"URI::Generic":      uriGenericMethods,
		"Encoding":          encodingMethods,
		"ERB":               erbMethods,
		"ERB.":              erbClassMethods,
		"Binding":           bindingMethods,
		"IO":                ioMethods,
		"IO.":               fileReading,
		"Process::Status":   statusMethods,
	}
}

// classSpec declares a core class: "Name < Super".
type classSpec struct {
	name, super string
	module      bool
}

// coreClasses lists the core classes in an order in which each superclass comes
// first.
func coreClasses() []classSpec {
	specs := []classSpec{
		{name: "BasicObject"},
		{name: "Object", super: "BasicObject"},
		{name: "Module", super: "Object"},
		{name: "Class", super: "Module"},
	}
	for _, m := range []string{"Kernel", "Comparable", "Enumerable", "Math", "Process",
		"JSON", "Psych", "Gem", "Etc", "SecureRandom", "Shellwords", "Base64", "Digest", "URI", "Errno", "FileTest", "RbConfig"} {
		specs = append(specs, classSpec{name: m, module: true})
	}
	for _, c := range []string{"NilClass", "TrueClass", "FalseClass", "Numeric", "String", "Symbol", "Regexp", "MatchData", "Array", "Hash",
		"Range", "Proc", "Method", "Enumerator", "Exception", "Struct", "Time", "Date", "IO", "Dir", "Random", "Pathname", "Set",
		"OpenStruct", "Encoding", "Socket", "CGI", "ERB", "Binding", "Gem::Version", "Gem::Requirement", "URI::Generic", "Process::Status", "Digest::Base"} {
		specs = append(specs, classSpec{name: c, super: "Object"})
	}
	return append(specs, derivedClasses()...)
}

func derivedClasses() []classSpec {
	var specs []classSpec
	add := func(super string, names ...string) {
		for _, n := range names {
			specs = append(specs, classSpec{name: n, super: super})
		}
	}
	add("Numeric", "Integer", "Float", "Rational")
	add("IO", "File")
	add("Date", "DateTime")
	add("Enumerator", "Enumerator::Lazy")
	add("Object", "Enumerator::Yielder")
	add("Digest::Base", "Digest::MD5", "Digest::SHA1", "Digest::SHA256", "Digest::SHA384", "Digest::SHA512")
	add("Exception", "NoMemoryError", "ScriptError", "SecurityError", "SignalException", "SystemExit", "SystemStackError", "StandardError")
	add("ScriptError", "LoadError", "NotImplementedError", "SyntaxError")
	add("SignalException", "Interrupt")
	add("StandardError", "ArgumentError", "EncodingError", "FiberError", "IOError", "IndexError", "LocalJumpError", "NameError",
		"RangeError", "RegexpError", "RuntimeError", "SystemCallError", "ThreadError", "TypeError", "ZeroDivisionError",
		"JSON::JSONError", "Psych::Exception", "URI::Error")
	add("ArgumentError", "UncaughtThrowError", "Date::Error", "Math::DomainError")
	add("IOError", "EOFError")
	add("IndexError", "KeyError", "StopIteration")
	add("NameError", "NoMethodError")
	add("RangeError", "FloatDomainError")
	add("RuntimeError", "FrozenError")
	add("JSON::JSONError", "JSON::ParserError", "JSON::GeneratorError")
	add("Psych::Exception", "Psych::SyntaxError", "Psych::DisallowedClass", "Psych::BadAlias")
	add("URI::Error", "URI::InvalidURIError")
	add("SystemCallError", "Errno::ENOENT", "Errno::EACCES", "Errno::EISDIR", "Errno::ENOTDIR", "Errno::EEXIST", "Errno::EINVAL",
		"Errno::ENOTEMPTY", "Errno::EPERM", "Errno::EPIPE", "Errno::ECONNREFUSED")
	return specs
}
