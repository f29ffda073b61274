file '/etc/motd' do
  content node['greeting']
end

execute 'mkdir -p /var/lib/galley && touch /var/lib/galley/seen' do
  not_if 'test -e /var/lib/galley/seen'
end
