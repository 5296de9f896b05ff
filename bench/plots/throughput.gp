# SPDX-License-Identifier: BSD-2-Clause
set terminal svg size 900,600 background 'white'
set multiplot layout 2,1
set xlabel 's'
set xrange [0:40]
set grid
set key outside right top
set ylabel 'Mb/s'
set yrange [0:105]
# Means of half a second: the receiver gets what waited behind a repaired hole at once.
plot for [cc in 'newreno cubic bbr'] 'cwnd.'.cc using (floor($1 * 2) / 2.0):4 smooth unique with lines title cc, \
    100.0 * 1448 / 1500 with lines dt 2 lc rgb '#888888' title 'the link'
set ylabel 'round trip, ms'
set yrange [0:100]
plot for [cc in 'newreno cubic bbr'] 'cwnd.'.cc using 1:5 every 2 with lines title cc, \
    40 with lines dt 2 lc rgb '#888888' title 'no queue', \
    80 with lines dt 3 lc rgb '#888888' title 'full buffer'
unset multiplot
