# What templates of the project share.
require 'json'
require_relative 'suffix'

PREFIX = 'kitchen'

def full_name(name)
  "#{PREFIX}-#{name}-#{Suffix::TEXT}"
end

@loads = (@loads || 0) + 1
hidden = 1
