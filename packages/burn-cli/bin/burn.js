#!/usr/bin/env node
process.title = 'burn' // first of all: a link in the arguments is a secret, and everybody on the machine can list them
require('../dist/start.cjs')
