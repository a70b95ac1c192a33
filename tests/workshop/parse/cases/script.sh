#!/usr/bin/env bash
# A script is a workshop, too.
#@SHOW

# Shown.
clear
echo hello
#@wait_clear
#@import parts/chapter.md
