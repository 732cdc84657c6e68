package chart

import "slices"

// spread moves the places of labels, which are in any order, as little as
// possible so that no two are nearer than gap, and none is outside low to high
// (if there is room for all).
func spread(want []float64, gap, low, high float64) []float64 {
	order := make([]int, len(want))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case want[a] < want[b]:
			return -1
		case want[a] > want[b]:
			return 1
		}
		return 0
	})

	// Labels that touch form a block, which stands where its members want to be
	// on the average. A block that comes to touch the one below is joined to it.
	type block struct {
		sum   float64 // of where each member wants the block's first one
		n     int
		place float64
	}
	var blocks []block
	for _, i := range order {
		b := block{sum: want[i], n: 1}
		for {
			b.place = min(max(b.sum/float64(b.n), low), high-gap*float64(b.n-1))
			last := len(blocks) - 1
			if last < 0 || blocks[last].place+gap*float64(blocks[last].n) <= b.place {
				break
			}
			below := blocks[last]
			blocks = blocks[:last]
			b.sum = below.sum + b.sum - gap*float64(below.n)*float64(b.n)
			b.n += below.n
		}
		blocks = append(blocks, b)
	}

	got := make([]float64, len(want))
	k := 0
	for _, b := range blocks {
		for j := range b.n {
			got[order[k]] = b.place + gap*float64(j)
			k++
		}
	}
	return got
}
