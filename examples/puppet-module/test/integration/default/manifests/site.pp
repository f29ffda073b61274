class { 'motd': greeting => 'welcome aboard' }
