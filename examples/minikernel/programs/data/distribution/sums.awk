{
    sum += $1
    with[length($1)]++
}
END {
    print sum
    for (i = 1; i <= 4; i++) {
        print i, with[i]
    }
    printf "%.12f\n", exp(1)
}
