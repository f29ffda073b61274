default['pantry']['port'] = 80
