namespace Callwatch.Store.Rollups;

/// <summary>
/// The greatest few of a set of values, so that taking the greatest away seldom needs a look at the rows: the next one is known.
/// </summary>
internal struct TopValues
{
    private const int Room = 4;
    private long a, b, c, d;
    private int held;

    /// <summary>True while values are known to exist that are not held; then an empty list says nothing.</summary>
    private bool more;

    /// <summary>As loaded from a row: the greatest of <paramref name="count"/> values.</summary>
    public static TopValues Of(long max, long count) => count == 0 ? default : new TopValues { a = max, held = 1, more = count > 1 };

    /// <summary>The greatest; 0 when there is none.</summary>
    public readonly long Max => held == 0 ? 0 : a;

    /// <summary>False when the greatest was taken away and the next is not known: ask the rows, then <see cref="Of"/>.</summary>
    public readonly bool Known => held > 0 || !more;

    public void Add(long value)
    {
        // Below what is held and with others unseen, its rank is unknown.
        if (more && (held == 0 || value < Last))
        {
            return;
        }

        if (held == Room)
        {
            more = true;
            if (value <= d) return;
            held--;
        }

        held++;
        Last = value;
        if (d > c && held > 3) (c, d) = (d, c);
        if (c > b && held > 2) (b, c) = (c, b);
        if (b > a && held > 1) (a, b) = (b, a);
    }

    public void Remove(long value)
    {
        if (held > 0 && a == value) (a, b, c, held) = (b, c, d, held - 1);
        else if (held > 1 && b == value) (b, c, held) = (c, d, held - 1);
        else if (held > 2 && c == value) (c, held) = (d, held - 1);
        else if (held > 3 && d == value) held--;
    }

    private long Last
    {
        readonly get => held switch { 1 => a, 2 => b, 3 => c, _ => d };
        set
        {
            if (held == 1) a = value;
            else if (held == 2) b = value;
            else if (held == 3) c = value;
            else d = value;
        }
    }
}
