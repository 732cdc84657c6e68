#!/bin/sh
# Says since when the machine has been up: "!uptime". A script of qqloop that does
# without a JSON tool: a message always begins with its type and its id.
while IFS= read -r line; do
	case $line in
	'{"type":"message","id":'*)
		id=${line#*'"id":'}
		id=${id%%,*}
		seconds=$(cut -d. -f1 /proc/uptime 2>/dev/null || echo 0)
		printf '{"reply_to":%s,"text":"up for %d hours and %d minutes"}\n' \
			"$id" $((seconds / 3600)) $((seconds / 60 % 60))
		;;
	esac
done
