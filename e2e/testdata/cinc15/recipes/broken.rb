raise 'the jar is broken'
