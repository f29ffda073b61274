package filelock

// noFollow is nothing: to make a link needs a privilege there.
const noFollow = 0
