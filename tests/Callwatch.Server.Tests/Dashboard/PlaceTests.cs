using Callwatch.Dashboard.Frame;
using Callwatch.Dashboard.Language;
using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard;

public sealed class PlaceTests
{
    private static readonly Timestamp Now = Timestamp.From(new ManualTime().GetUtcNow());

    [Theory]
    [InlineData("/calls", "/calls")]
    [InlineData("/calls?from=-1h", "/calls")]
    [InlineData("/calls?app=shop&app=shop&app=b%20c&env=prod&from=-3h&q=model:gpt-4o&sort=-duration", "/calls?app=shop&app=b%20c&env=prod&from=-3h&q=model%3Agpt-4o&sort=-duration")]
    [InlineData("/calls?q=model:gpt-4o&q=%22refund%20policy%22", "/calls?q=model%3Agpt-4o%20%22refund%20policy%22")]
    [InlineData("/?from=2026-09-17T10:00:00%2B02:00&to=2026-09-17T09:00:00Z", "/?from=2026-09-17T08%3A00%3A00Z&to=2026-09-17T09%3A00%3A00Z")]
    [InlineData("/?from=nonsense&to=-5&compare=off&unknown=1", "/?compare=off")]
    [InlineData("/?compare=before", "/?compare=before")]
    [InlineData("/?compare=week", "/")]
    public void An_address_comes_back_as_it_was_in_its_shortest_form(string asked, string written) =>
        Assert.Equal("/base" + written, Visit(asked).Href(Visit(asked).Place));

    [Fact]
    public void A_moving_range_ends_on_the_next_whole_minute()
    {
        var visit = Visit("/?from=-15m");
        Assert.Equal(0, visit.To.UnixSeconds % 60);
        Assert.True(visit.To > Now);
        Assert.Equal(900, visit.To.UnixSeconds - visit.From.UnixSeconds);
    }

    [Theory]
    [InlineData("-99999999999d")]
    [InlineData("--3h")]
    [InlineData("-0h")]
    [InlineData("-3x")]
    [InlineData("-9999999d")]
    public void Nonsense_for_a_time_is_the_usual_range(string from) => Assert.Equal(TimeRange.Default, TimeRange.Parse(from, null, Now) ?? TimeRange.Default);

    [Fact]
    public void The_environment_is_one_more_term_of_the_filter()
    {
        Assert.Equal("model:a env:\"a b\"", Visit("/?env=a%20b&q=model:a").Selection.Filter);
        Assert.Null(Visit("/").Selection.Filter);
    }

    [Fact]
    public void A_chip_is_a_term_as_it_was_written()
    {
        const string filter = "model:gpt-4o  -env:dev \"refund policy\" latency>2s";
        Assert.Equal(["model:gpt-4o", "-env:dev", "\"refund policy\"", "latency>2s"], Chips.Of(filter));
        Assert.Equal("model:gpt-4o \"refund policy\" latency>2s", Chips.Without(filter, 1));
        Assert.Null(Chips.Without("model:a", 0));
        Assert.Equal(filter, Chips.And(filter, "-env:dev"));
        Assert.Empty(Chips.Of("modle:gpt"));
        Assert.Equal(0, Chips.Problem("modle:gpt")!.Offset);
    }

    [Theory]
    [InlineData(null, null, null, "en")]
    [InlineData(null, null, "zh-CN,zh;q=0.9,en;q=0.8", "zh")]
    [InlineData(null, null, "fr,en;q=0.5,zh;q=0.6", "zh")]
    [InlineData(null, "en", "zh", "en")]
    [InlineData("zh", "en", "en", "zh")]
    [InlineData("xx", null, "de", "en")]
    public void The_language_is_the_one_asked_for_then_remembered_then_accepted(string? asked, string? cookie, string? accepted, string code) =>
        Assert.Equal(code, Words.Choose(asked, cookie, accepted).Code);

    private static Visit Visit(string address)
    {
        var http = new DefaultHttpContext();
        var split = address.Split('?', 2);
        http.Request.PathBase = "/base";
        http.Request.Path = split[0];
        http.Request.QueryString = split.Length > 1 ? new QueryString("?" + split[1]) : QueryString.Empty;
        return Callwatch.Dashboard.Frame.Visit.Of(http, new Anyone(), new ManualTime());
    }

    private sealed class Anyone : IViewer
    {
        public ReadScope Scope { get; } = new(1);

        public bool SeesInstance => true;

        public bool MayOperate => false;

        public bool MayChange => false;

        public string Who => "anyone";
    }
}
