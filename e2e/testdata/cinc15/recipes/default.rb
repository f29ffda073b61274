template '/etc/pantry.conf' do
  source 'pantry.conf.erb'
  mode '0640'
  variables users: search(:users, 'uid:2').map { |user| user['id'] },
            secret: data_bag_item('users', 'carol')['pw']
end

cookbook_file '/etc/blob' do
  source 'blob'
end

pantry_jar 'jar'
