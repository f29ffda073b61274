file '/etc/policy' do
  content [node.policy_name, node.policy_group, data_bag_item('users', 'bob')['uid'], node['pantry']['port'], node['pantry']['role']].join(' ')
end
