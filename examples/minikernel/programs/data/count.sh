# Run by busybox's shell: builtins alone, nothing that would need another process.
sum=0
number=1
while [ "$number" -le 100 ]; do
    sum=$((sum + number))
    number=$((number + 1))
done
echo "the numbers to 100 add up to $sum"
while read -r first rest; do
    case $first in
    it) echo "found: $first $rest" ;;
    esac
done </data/verse
