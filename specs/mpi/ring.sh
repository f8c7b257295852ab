# The hosts that a program of this task would speak to, one on a line, each with the next one round the ring.
echo "$1" | tr ',' '\n' | awk '{ host[NR] = $0 } END { for (i = 1; i <= NR; i++) print host[i], "->", host[i % NR + 1] }'
