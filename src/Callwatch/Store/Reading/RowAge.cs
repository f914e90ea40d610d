using Callwatch.Control;
using Callwatch.Spans;

namespace Callwatch.Store.Reading;

/// <summary>Whether rows are past their age. What is read from the journal again must not come back after its figures have been moved.</summary>
internal sealed class RowAge(RetentionDesk rules, TimeProvider time)
{
    public bool IsPast(int tenant, int app, Timestamp received, Timestamp end) =>
        (received > end ? received : end).ToDateTimeOffset() + rules.For(tenant, app).Rows <= time.GetUtcNow();
}
