using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;
using Xunit;

namespace Callwatch.Tests.Query;

/// <summary>A trace is found by the id under which a platform shows it, where that is another form of ours.</summary>
public sealed class LookupPlatformIdTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_trace_is_found_by_the_uuids_of_platforms_with_hyphens_and_without()
    {
        using var world = new QueryWorld(chunks: 2);
        foreach (var call in world.AllCalls().DistinctBy(call => call.TraceId).Take(20))
        {
            // LangSmith and Weave; Opik, by the beginning of the trace, or of one of its spans where it began before what is here.
            foreach (var id in (Guid[])[PlatformIds.OfTrace(call.TraceId), PlatformIds.Version7(call.Start, call.TraceId, null)])
            {
                foreach (var text in (string[])[id.ToString("D"), id.ToString("N"), id.ToString("D").ToUpperInvariant()])
                {
                    var found = await world.Lookup.FindAsync(QueryWorld.Tenant, text, Cancel);
                    Assert.Contains(found, match => match.TraceId == call.TraceId && match.Kind is "platform" or "trace");
                }
            }
        }
    }

    [Fact]
    public async Task Other_uuids_and_other_tenants_find_nothing()
    {
        using var world = new QueryWorld(chunks: 1);
        var call = world.AllCalls()[0];
        Assert.Empty(await world.Lookup.FindAsync(QueryWorld.Tenant, "0190e0c8-7a1c-7c3a-8b7e-2f1d4c5b6a79", Cancel));
        Assert.Empty(await world.Lookup.FindAsync(QueryWorld.Tenant, "5f2b7c1e-9d3a-8e4f-a1b2-c3d4e5f60718", Cancel));
        Assert.Empty(await world.Lookup.FindAsync(QueryWorld.Tenant, "ffffffff-ffff-7fff-bfff-ffffffffffff", Cancel));
        Assert.Empty(await world.Lookup.FindAsync(new(7), PlatformIds.OfTrace(call.TraceId).ToString("D"), Cancel));
        Assert.Empty(await world.Lookup.FindAsync(new(7), PlatformIds.Version7(call.Start, call.TraceId, null).ToString("D"), Cancel));
    }

    [Theory]
    [InlineData("0af7651916cd43dd8448eb211c80319c")]
    [InlineData("00000000000000000000000000000001")]
    [InlineData("ffffffffffffffffffffffffffffffff")]
    [InlineData("0190e0c87a1c7c3a8b7e2f1d4c5b6a79")]
    public void What_a_platforms_id_was_made_of_is_among_what_it_may_have_been_made_of(string trace)
    {
        var id = TraceId.Parse(trace);
        Assert.Contains(id, PlatformIds.TracesOf(PlatformIds.OfTrace(id)));
        var time = new Timestamp(1_789_646_400_123_000_000);
        var seven = PlatformIds.Version7(time, id, null);
        Assert.True(PlatformIds.IsVersion7Of(seven, id));
        Assert.Equal(time, PlatformIds.TimeOfVersion7(seven));
        Assert.False(PlatformIds.IsVersion7Of(seven, new TraceId(id.High, id.Low ^ 2)));
    }
}
