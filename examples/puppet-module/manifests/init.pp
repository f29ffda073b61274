# Greets who logs in.
class motd (String $greeting = 'hello') {
  file { '/etc/motd':
    content => "${greeting}\n",
  }
}
