using Callwatch.Dashboard.Destinations;
using Callwatch.Dashboard.Language;
using Callwatch.Forward;
using Callwatch.Forward.Lanes;
using Callwatch.Server.Tests.Access;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard;

/// <summary>What the engine says of platforms and fields, the pages say in every language too.</summary>
public sealed class LaneWordsTests(SharedServer shared) : IClassFixture<SharedServer>
{
    [Fact]
    public void Every_advice_is_there_in_Chinese()
    {
        int?[] statuses = [null, 301, 400, 401, 402, 403, 404, 405, 407, 408, 413, 418, 429, 500, 503, 504];
        var missing = statuses.SelectMany(status => new[] { true, false }.Select(isBlocked => Advice.On(new PlatformWords(status, ""), isBlocked)))
            .Concat([Advice.OneItem, Advice.Warning]).Where(advice => Words.Chinese[advice] == advice).Distinct();
        Assert.Empty(missing);
    }

    [Fact]
    public void Every_field_of_every_kind_has_its_name_and_its_help_in_Chinese()
    {
        var fields = shared.Server.Services.GetRequiredService<IEnumerable<IDestinationKind>>().SelectMany(kind => kind.Fields.Select(field => (Kind: kind.Name, Field: field))).ToList();
        Assert.NotEmpty(fields);
        Assert.Empty(fields.Where(pair => Words.Chinese[pair.Field.Help] == pair.Field.Help).Select(pair => $"{pair.Kind}: {pair.Field.Help}"));
        Assert.Empty(fields.Where(pair => LaneWords.Label(pair.Field.Name, Words.Chinese) == LaneWords.Label(pair.Field.Name, Words.English))
            .Select(pair => LaneWords.Label(pair.Field.Name, Words.English)).Except(["URL", "DSN"]));
    }

    [Theory]
    [InlineData("https://lake.example/t/1", "https://lake.example/t/1")]
    [InlineData("http://10.0.0.5:3000/t", "http://10.0.0.5:3000/t")]
    [InlineData("javascript:window.pwned=1", null)]
    [InlineData("data:text/html,<script>1</script>", null)]
    [InlineData("https://user:secret@lake.example/", null)]
    [InlineData("/calls", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Only_a_plain_web_address_becomes_a_link(string? address, string? link) => Assert.Equal(link, OutsideLink.Of(address));
}
