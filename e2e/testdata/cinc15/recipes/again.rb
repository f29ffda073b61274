execute 'again and again' do
  command 'true'
end
