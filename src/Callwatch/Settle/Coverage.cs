using Callwatch.Spans;

namespace Callwatch.Settle;

/// <summary>What earlier revisions have carried, while the journal is read again after a stop.</summary>
/// <param name="through">Nothing behind this journal record has been carried.</param>
internal sealed class Coverage(Dictionary<(int Tenant, TraceId Trace), Carried> carried, long through)
{
    public static readonly Coverage None = new([], 0);

    public long Through => through;

    public bool Holds(int tenantId, TraceId trace, long number, int offset) => carried.TryGetValue((tenantId, trace), out var known) && known.Holds(number, offset);
}
