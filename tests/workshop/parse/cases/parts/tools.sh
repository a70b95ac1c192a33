#!/usr/bin/env bash
#@macro tool_from_import
echo tool
#@end
