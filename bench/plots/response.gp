# SPDX-License-Identifier: BSD-2-Clause
set terminal svg size 900,600 background 'white'
set logscale xy
set format x '10^{%T}'
set xrange [8e-6:4e-2]
set xlabel 'probability of loss'
set ylabel 'Mb/s'
set yrange [0.5:150]
set grid
set key left bottom
plot 'loss.newreno' using 1:2 with linespoints lc 1 title 'newreno', \
    'loss.newreno' using 1:3 with lines lc 1 dt 2 title '1.2 / sqrt(p)', \
    'loss.cubic' using 1:2 with linespoints lc 2 title 'cubic', \
    'loss.cubic' using 1:3 with lines lc 2 dt 2 title 'RFC 9438 figure 6', \
    'loss.bbr' using 1:2 with linespoints lc 3 title 'bbr', \
    'loss.bbr' using 1:3 with lines lc 3 dt 2 title 'rate (1 - p); 2 % is too much'
