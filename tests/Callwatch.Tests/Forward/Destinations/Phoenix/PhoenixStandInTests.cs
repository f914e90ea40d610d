using System.Text;
using Callwatch.Testing.StandIns;
using Callwatch.Tests.Forward.Destinations.Otlp;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Phoenix;

/// <summary>The stand-in itself: refuses what Phoenix refuses, and notices what Phoenix loses without a word.</summary>
public sealed class PhoenixStandInTests
{
    private static readonly Dictionary<string, string> Key = new() { ["Authorization"] = "Bearer key-1" };

    public static TheoryData<string> Unseen => [.. OpenInferenceDrafts.Wrong.Keys];

    public static TheoryData<string> Undecodable => [.. WrongRequests.All.Keys];

    [Fact]
    public async Task Takes_good_spans_and_keeps_the_first_of_each_id()
    {
        await using var phoenix = await StartAsync();
        Assert.Equal(200, await PostAsync(phoenix, OpenInferenceDrafts.Llm().ToProtobuf()));
        Assert.Equal(200, await PostAsync(phoenix, OpenInferenceDrafts.Llm().With("output.value", "Another answer.").ToProtobuf()));
        Assert.Equal("Hi there.", Assert.Single(phoenix.Spans).Text("output.value"));
        Assert.Empty(phoenix.Lost);
    }

    [Theory]
    [InlineData(415, "application/x-protobuf; charset=utf-8", null)]
    [InlineData(415, "application/json", null)]
    [InlineData(415, "application/grpc", null)]
    [InlineData(415, null, null)]
    [InlineData(415, "application/x-protobuf", "br")]
    [InlineData(415, "application/x-protobuf", "zstd")]
    [InlineData(500, "application/x-protobuf", "gzip")]
    public async Task Refuses_other_types_and_codings(int status, string? type, string? coding)
    {
        await using var phoenix = await StartAsync();
        using var answer = await Posting.PostAsync(phoenix.Address + "/v1/traces", OpenInferenceDrafts.Llm().ToProtobuf(), type, Key, coding);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Empty(phoenix.Spans);
    }

    [Fact]
    public async Task Refuses_what_is_no_request()
    {
        await using var phoenix = await StartAsync();
        Assert.Equal(422, await PostAsync(phoenix, Encoding.UTF8.GetBytes("hello")));
        Assert.Equal(422, await PostAsync(phoenix, OpenInferenceDrafts.Llm().ToProtobuf()[..^3]));
    }

    [Theory]
    [InlineData(401, "POST", "/v1/traces", "Bearer key-2")]
    [InlineData(401, "POST", "/v1/traces", "key-1")]
    [InlineData(401, "GET", "/v1/projects", "Basic key-1")]
    [InlineData(405, "GET", "/v1/traces", "bearer key-1")]
    [InlineData(404, "POST", "/v1/traces/v1/traces", "Bearer key-1")]
    [InlineData(405, "POST", "/traces", "Bearer key-1")]
    public async Task Refuses_other_keys_methods_and_paths(int status, string method, string path, string key)
    {
        await using var phoenix = await StartAsync();
        using var answer = await Posting.PostAsync(
            phoenix.Address + path, OpenInferenceDrafts.Llm().ToProtobuf(), "application/x-protobuf", new Dictionary<string, string> { ["Authorization"] = key }, method: new HttpMethod(method));
        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Unseen))]
    public async Task Notices_what_its_screens_would_not_show(string wrong)
    {
        await using var phoenix = await StartAsync();
        Assert.Equal(200, await PostAsync(phoenix, OpenInferenceDrafts.Wrong[wrong]().ToProtobuf()));
        Assert.NotEmpty(phoenix.Lost);
    }

    [Theory]
    [MemberData(nameof(Undecodable))]
    public async Task Notices_what_its_decoder_would_lose(string wrong)
    {
        await using var phoenix = await StartAsync();
        var draft = OpenInferenceDrafts.Llm();
        WrongRequests.All[wrong](draft);
        Assert.Equal(200, await PostAsync(phoenix, draft.ToProtobuf()));
        Assert.NotEmpty(phoenix.Lost);
    }

    [Fact]
    public async Task Notices_a_span_that_names_no_project()
    {
        await using var phoenix = await StartAsync();
        Assert.Equal(200, await PostAsync(phoenix, OpenInferenceDrafts.Llm().Without("openinference.project.name").ToProtobuf()));
        Assert.Contains("project", Assert.Single(phoenix.Lost), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", 422)]
    [InlineData("""{"data":[{"name":"user","annotator_kind":"HUMAN","result":{"score":1}}]}""", 422)]
    [InlineData("""{"data":[{"span_id":"7b1e9c52d4a84f6f9a3c0d5e6f708192","name":"user","annotator_kind":"HUMAN","result":{"score":1}}]}""", 422)]
    [InlineData("""{"data":[{"span_id":"a1b2c3d4e5f60718","annotator_kind":"HUMAN","result":{"score":1}}]}""", 422)]
    [InlineData("""{"data":[{"span_id":"a1b2c3d4e5f60718","name":"user","result":{"score":1}}]}""", 422)]
    [InlineData("""{"data":[{"span_id":"a1b2c3d4e5f60718","name":"user","annotator_kind":"PERSON","result":{"score":1}}]}""", 422)]
    [InlineData("""{"data":[{"span_id":"a1b2c3d4e5f60718","name":"user","annotator_kind":"HUMAN"}]}""", 422)]
    [InlineData("""{"data":[{"span_id":"a1b2c3d4e5f60718","name":"user","annotator_kind":"HUMAN","result":{"score":"1"}}]}""", 422)]
    [InlineData("""{"data":[{"span_id":"a1b2c3d4e5f60718","name":"user","annotator_kind":"HUMAN","result":{"score":1},"identifier":7}]}""", 422)]
    [InlineData("""{"data":[{"span_id":"a1b2c3d4e5f60718","name":"user","annotator_kind":"HUMAN","result":{"score":1}}]}""", 200)]
    [InlineData("not json", 422)]
    public async Task Refuses_annotations_that_are_not_as_its_schema_says(string body, int status)
    {
        await using var phoenix = await StartAsync();
        Assert.Equal(200, await PostAsync(phoenix, OpenInferenceDrafts.Llm().ToProtobuf()));
        using var answer = await Posting.PostAsync(phoenix.Address + "/v1/span_annotations?sync=false", Encoding.UTF8.GetBytes(body), "application/json", Key);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(status == 200 ? 1 : 0, phoenix.Annotations.Count);
        Assert.Empty(phoenix.Lost);
    }

    private static async Task<PhoenixStandIn> StartAsync()
    {
        var phoenix = new PhoenixStandIn { ApiKey = "key-1" };
        await phoenix.StartAsync();
        return phoenix;
    }

    private static async Task<int> PostAsync(PhoenixStandIn phoenix, byte[] body)
    {
        using var answer = await Posting.PostAsync(phoenix.Address + "/v1/traces", body, "application/x-protobuf", Key);
        return (int)answer.StatusCode;
    }
}
