resource_name :pantry_jar
provides :pantry_jar

action :fill do
  file "/etc/#{new_resource.name}" do
    content Shelf.content
  end
end
