name 'web'
override_attributes 'pantry' => { 'role' => 'web' }
