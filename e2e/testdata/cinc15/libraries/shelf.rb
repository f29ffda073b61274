# What the jars of this cookbook hold.
module Shelf
  def self.content
    'jam'
  end
end
