set -e
echo more
