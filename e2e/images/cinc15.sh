#!/bin/sh
# @PROGRAM@ from the tool volume, with nothing of the platform's own.
tree=/opt/cinc/ubuntu
lib=usr/lib/@MACHINE@-linux-gnu
ruby=$tree/usr/lib/ruby
export RUBYOPT="-W0${RUBYOPT:+ $RUBYOPT}"
export RUBYLIB=$ruby/vendor_ruby/2.7.0:$tree/$lib/ruby/vendor_ruby/2.7.0:$ruby/vendor_ruby:$ruby/2.7.0:$tree/$lib/ruby/2.7.0
export GEM_HOME=$tree/var/lib/gems/2.7.0
export GEM_PATH=$GEM_HOME:$ruby/gems/2.7.0:$tree/usr/share/rubygems-integration/2.7.0:$tree/usr/share/rubygems-integration/all:$tree/$lib/rubygems-integration/2.7.0
exec $tree/lib/@MACHINE@-linux-gnu/ld-2.31.so --library-path $tree/lib/@MACHINE@-linux-gnu:$tree/$lib \
	$tree/usr/bin/ruby2.7 $tree/usr/bin/@PROGRAM@ "$@"
