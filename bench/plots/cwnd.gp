# SPDX-License-Identifier: BSD-2-Clause
set terminal svg size 900,900 background 'white'
set multiplot layout 3,1
set xlabel 's'
set ylabel 'segments'
set yrange [0:1200]
set grid
do for [cc in 'newreno cubic bbr'] {
	what = cc eq 'newreno' ? 'RFC 5681 3.1' : cc eq 'cubic' ? 'RFC 9438 figure 1' : '2 BDP'
	set title cc
	plot 'cwnd.'.cc using 1:6 with lines lw 3 lc rgb '#bbbbbb' title what, \
	    'cwnd.'.cc using 1:2 with lines lw 1 lc rgb '#1f4e9c' title 'cwnd'
}
unset multiplot
