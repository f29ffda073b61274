# Loads the files of a Ruby program from one file that holds them compiled, with where each was found. RUBYOPT has a Ruby
# read this before the program. It changes how fast files are found and read, and nothing else: what is not as it was when
# it was recorded is found and read by Ruby itself.
module GalleyBoot
  MAGIC = "galley-boot-1 #{RUBY_DESCRIPTION}\n".b.freeze
  PACK = File.join(__dir__, 'pack').freeze

  class << self
    attr_reader :recording

    # What a file was like when it was compiled.
    def stamp(path)
      s = File.stat(path)
      [s.size, s.mtime.to_i * 1_000_000_000 + s.mtime.nsec]
    end

    # All directories in which files are looked for have to be as they were, for a file that is new in one of them may
    # come before the one that was recorded.
    def directories(load_path)
      load_path.flat_map { |dir| [dir, *Dir.glob("#{dir}/**/")] }.map { |dir| dir.chomp('/') }.uniq
    end

    def time_of(dir)
      stamp(dir)[1]
    rescue SystemCallError
      nil # one that is missing is to stay so
    end

    # Whether plain Ruby alone decides what a name stands for, and no gem has to be activated for it.
    def plain?(name)
      return false unless name.is_a?(String) && !name.start_with?('/', '.', '~')
      return true unless defined?(Gem::Specification)
      Gem.find_unresolved_default_spec(name).nil? && Gem::Specification.unresolved_deps.empty?
    end

    # The file that a name stands for, or nil where Ruby has to look for it.
    def find(name)
      path, prefix = @names[name]
      path if path && $LOAD_PATH.first(prefix.size) == prefix && plain?(name)
    rescue StandardError
      nil
    end

    def load_iseq(path)
      return compile(path) if @recording
      size, time, offset, length = @files[path]
      return unless size && stamp(path) == [size, time]
      RubyVM::InstructionSequence.load_from_binary(@pack.byteslice(offset, length))
    rescue StandardError, SyntaxError
      nil
    end

    # Takes the pack, unless it is damaged or another Ruby's.
    def use
      data = File.binread(PACK)
      return unless data.start_with?(MAGIC)
      crc, size = data.unpack("@#{MAGIC.bytesize}NN")
      body = data.byteslice((MAGIC.bytesize + 8)..-1)
      require 'zlib'
      return unless Zlib.crc32(body) == crc
      index = Marshal.load(body.byteslice(0, size))
      @files, @pack = index[:files], body.byteslice(size..-1)
      @names = index[:directories].all? { |dir, time| time_of(dir) == time } ? index[:names] : {}
      true
    end

    def record
      @recording, @files, @names, @prefixes = true, {}, {}, {}
      at_exit { write }
      true
    end

    def compile(path)
      iseq = RubyVM::InstructionSequence.compile_file(path)
      @files[path] = [*stamp(path), iseq.to_binary]
      iseq
    end

    # Notes what a name stands for, with the directories that are looked into up to there. Of a name without .so all are,
    # since an .rb in any of them comes first.
    def note(name)
      return if @names.key?(name) || !plain?(name)
      _, path = $LOAD_PATH.resolve_feature_path(name)
      at = path && $LOAD_PATH.index { |dir| path.start_with?("#{dir}/#{name}") }
      return unless at && $LOAD_PATH.all? { |dir| dir.is_a?(String) && dir.start_with?('/') }
      prefix = path.end_with?('.rb') ? $LOAD_PATH.first(at + 1) : $LOAD_PATH.dup
      @names[name] = [path, @prefixes[prefix] ||= prefix]
    rescue StandardError, LoadError
      nil
    end

    def write
      require 'zlib'
      binaries, files = ''.b, {}
      @files.each do |path, (size, time, binary)|
        files[path] = [size, time, binaries.bytesize, binary.bytesize]
        binaries << binary
      end
      times = directories(@names.values.flat_map(&:last).uniq).map { |dir| [dir, time_of(dir)] }
      index = Marshal.dump(files: files, names: @names, directories: times)
      body = index + binaries
      File.binwrite(PACK, MAGIC + [Zlib.crc32(body), index.bytesize].pack('NN') + body)
    end

    # What the program starts is not this file's business.
    def leave_environment
      rest = ENV['RUBYOPT'].to_s.sub("-r#{__FILE__}", '').strip
      ENV['RUBYOPT'] = rest.empty? ? nil : rest
      ENV.delete('GALLEY_BOOT_RECORD')
    end

    def start
      wanted = ENV['GALLEY_BOOT_RECORD']
      leave_environment
      return if $VERBOSE || !defined?(RubyVM::InstructionSequence) || RubyVM::InstructionSequence.respond_to?(:load_iseq)
      return unless $LOAD_PATH.respond_to?(:resolve_feature_path) && (wanted ? record : use)
      RubyVM::InstructionSequence.define_singleton_method(:load_iseq) { |path| GalleyBoot.load_iseq(path) }
      Kernel.module_eval do
        # The require of Ruby itself, below that of RubyGems where that is there already.
        alias_method :galley_boot_plain, private_method_defined?(:gem_original_require) ? :gem_original_require : :require
        alias_method :galley_boot_require, :require
        def require(name)
          GalleyBoot.note(name) if GalleyBoot.recording
          path = GalleyBoot.recording ? nil : GalleyBoot.find(name)
          path ? galley_boot_plain(path) : galley_boot_require(name)
        end
        private :galley_boot_plain, :galley_boot_require, :require
      end
    rescue StandardError, LoadError
      nil
    end
  end

  start
end
