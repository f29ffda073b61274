name 'web'
run_list 'pantry::policy'
cookbook 'pantry', path: '.'
