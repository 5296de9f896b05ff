# SPDX-License-Identifier: BSD-2-Clause
set terminal svg size 900,600 background 'white'
set multiplot layout 2,1
set xlabel 's'
set grid
set ylabel 'Mb/s'
set yrange [0:110]
plot for [cc in 'newreno cubic bbr'] 'cwnd.'.cc using 1:4 every 4 with lines title cc, \
    100.0 * 1448 / 1500 with lines dt 2 lc rgb '#888888' title 'the link'
set ylabel 'round trip, ms'
set yrange [0:100]
plot for [cc in 'newreno cubic bbr'] 'cwnd.'.cc using 1:5 with lines title cc
unset multiplot
