module Suffix
  TEXT = File.basename(__dir__)
end
