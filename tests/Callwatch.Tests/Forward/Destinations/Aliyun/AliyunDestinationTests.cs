using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Aliyun;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Callwatch.Tests.Forward.Destinations.Otlp;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Aliyun;

public sealed class AliyunDestinationTests : OtlpPlatformTests
{
    private static readonly Dictionary<string, string> NoHeaders = [];

    public static TheoryData<string> Unseen => [.. WrongSpans.Keys];

    public static TheoryData<string> Wrong => [.. WrongRequests.All.Keys];

    private protected override IDestinationKind Kind { get; } = new AliyunKind();

    private protected override string Folder => "Aliyun";

    private static Dictionary<string, Action<WireDraft>> WrongSpans { get; } = new(StringComparer.Ordinal)
    {
        ["no feature of the service"] = draft => draft.Without("acs.arms.service.feature"),
        ["no span kind"] = draft => draft.Without("gen_ai.span.kind"),
        ["an unknown span kind"] = draft => draft.With("gen_ai.span.kind", "llm"),
        ["no operation"] = draft => draft.Without("gen_ai.operation.name"),
        ["no framework"] = draft => draft.Without("gen_ai.framework"),
        ["no model"] = draft => draft.Without("gen_ai.request.model"),
        ["tokens as text"] = draft => draft.With("gen_ai.usage.input_tokens", "18"),
        ["the first token in seconds"] = draft => draft.With("gen_ai.response.time_to_first_token", 0.31),
        ["the word None as user"] = draft => draft.With("gen_ai.user.id", "None"),
        ["an empty session"] = draft => draft.With("gen_ai.session.id", ""),
        ["finish reasons as text"] = draft => draft.With("gen_ai.response.finish_reasons", "stop"),
        ["messages that are no JSON"] = draft => draft.With("gen_ai.input.messages", "Hello?"),
        ["messages without parts"] = draft => draft.With("gen_ai.input.messages", """[{"role":"user","content":"Hello?"}]"""),
        ["an answer of a tool under another name"] = draft => draft.With("gen_ai.input.messages", """[{"role":"tool","parts":[{"type":"tool_call_response","id":"1","response":"x"}]}]"""),
        ["an unknown part"] = draft => draft.With("gen_ai.output.messages", """[{"role":"assistant","parts":[{"type":"blob","content":"x"}]}]"""),
        ["documents as one object"] = draft => draft.With("retrieval.document", "{}"),
        ["no name of a tool"] = draft => draft.With("gen_ai.span.kind", "TOOL"),
        ["no name of an agent"] = draft => draft.With("gen_ai.span.kind", "AGENT"),
        ["no round of a step"] = draft => draft.With("gen_ai.span.kind", "STEP"),
        ["an unknown type of tool"] = draft => draft.With("gen_ai.tool.type", "api"),
        ["an internal root"] = draft => draft.Kind = 1,
        ["an error without its event"] = draft => (draft.StatusCode, draft.StatusMessage) = (2, "failed"),
    };

    private protected override WireHost NewPlatform() => new AliyunStandIn();

    private protected override JsonObject ConfigFor(WireHost platform) => new() { ["endpoint"] = platform.Address, ["license_key"] = AliyunStandIn.LicenseKey, ["app_name"] = "support-bot" };

    private protected override IReadOnlyList<WireSpan> TakenBy(WireHost platform) => ((AliyunStandIn)platform).Spans;

    private protected override IReadOnlyList<string> SecretsOf(WireHost platform) => [AliyunStandIn.LicenseKey];

    [Theory]
    [MemberData(nameof(Unseen))]
    public async Task The_stand_in_refuses_what_the_definitions_do_not_allow(string wrong)
    {
        await using var aliyun = await StartAsync();
        var draft = Good();
        Assert.Equal(200, await PostAsync(aliyun, draft.ToProtobuf()));
        WrongSpans[wrong](draft);
        Assert.Equal(400, await PostAsync(aliyun, draft.ToProtobuf()));
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task The_stand_in_refuses_what_breaks_the_protocol(string wrong)
    {
        await using var aliyun = await StartAsync();
        var draft = Good();
        WrongRequests.All[wrong](draft);
        Assert.Equal(400, await PostAsync(aliyun, draft.ToProtobuf()));
    }

    [Fact]
    public async Task The_stand_in_refuses_other_keys_paths_and_types()
    {
        await using var aliyun = await StartAsync();
        var body = Good().ToProtobuf();
        Assert.Equal(403, await StatusAsync(aliyun.Address + "/adapt_another/api/otlp/traces", body, "application/x-protobuf"));
        Assert.Equal(403, await StatusAsync(aliyun.Address + ((AliyunStandIn)aliyun).Path + "/", body, "application/x-protobuf"));
        Assert.Equal(404, await StatusAsync(aliyun.Address + "/api/otlp/traces", body, "application/x-protobuf"));
        Assert.Equal(415, await StatusAsync(aliyun.Address + ((AliyunStandIn)aliyun).Path, Encoding.UTF8.GetBytes(Good().ToJson().ToJsonString()), "application/json"));
        Assert.Equal(405, await StatusAsync(aliyun.Address + ((AliyunStandIn)aliyun).Path, body, "application/x-protobuf", HttpMethod.Head));
    }

    [Fact]
    public async Task A_check_proves_the_key()
    {
        await using var aliyun = await StartAsync();
        var result = await CheckAsync(aliyun);
        Assert.True(result.Ok, result.Detail);
        Assert.Equal("https://arms.console.aliyun.com/#/llm", result.ProjectUrl);
        var config = ConfigFor(aliyun);
        config["license_key"] = "another";
        Assert.Contains("credentials", (await CheckAsync(aliyun, config)).Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://tracing-analysis-dc-hz.aliyuncs.com/", "https://tracing-analysis-dc-hz.aliyuncs.com/adapt_k%401/api/otlp/traces")]
    [InlineData("https://proj.cn-hangzhou.log.aliyuncs.com/apm/trace", "https://proj.cn-hangzhou.log.aliyuncs.com/apm/trace/adapt_k%401/api/v1/traces")]
    [InlineData("https://log.aliyuncs.com", "https://log.aliyuncs.com/adapt_k%401/api/v1/traces")]
    [InlineData("https://log.aliyuncs.com.example", "https://log.aliyuncs.com.example/adapt_k%401/api/otlp/traces")]
    [InlineData("https://tracing-analysis-dc-bj.aliyuncs.com/adapt_other/api/otlp/traces", "https://tracing-analysis-dc-bj.aliyuncs.com/adapt_k%401/api/otlp/traces")]
    [InlineData("", "https://tracing-analysis-dc-hz.aliyuncs.com/adapt_k%401/api/otlp/traces")]
    public void The_address_is_made_of_base_and_key(string endpoint, string traces)
    {
        var config = Assert.IsType<ConfigResult.Good>(Kind.Normalize(new JsonObject { ["endpoint"] = endpoint, ["license_key"] = "k@1" }, new OutboundRules(false, []))).Config;
        Assert.Equal(traces, AliyunDestination.AddressOf((string)config["endpoint"]!, (string)config["license_key"]!).AbsoluteUri);
        Assert.Equal("callwatch_app", (string?)config["app_name"]);
    }

    [Fact]
    public void An_address_pasted_with_its_key_gives_both()
    {
        var given = new JsonObject { ["endpoint"] = "http://tracing-analysis-dc-sh.aliyuncs.com/adapt_abc%401_def/api/otlp/traces" };
        var config = Assert.IsType<ConfigResult.Good>(Kind.Normalize(given, new OutboundRules(false, []))).Config;
        Assert.Equal(("http://tracing-analysis-dc-sh.aliyuncs.com", "abc@1_def"), ((string)config["endpoint"]!, (string)config["license_key"]!));
        Assert.Equal("license_key", Assert.IsType<ConfigResult.Wrong>(Kind.Normalize(new JsonObject { ["license_key"] = " " }, new OutboundRules(false, []))).Field);
    }

    [Fact]
    public async Task The_wait_for_the_first_token_stands_on_the_root_as_the_user_felt_it()
    {
        await using var aliyun = await StartAsync();
        await using var rig = new ForwardRig(Kind, ConfigFor(aliyun));
        await rig.AddAsync(Scenarios.Get("llm-message"));
        await rig.DeliverAsync();
        Assert.Equal(450_000_000L, TakenBy(aliyun).Single(span => span.ParentSpanId.IsNone).Attributes.Find("gen_ai.user.time_to_first_token"));
        Assert.Equal(350_000_000L, TakenBy(aliyun).Single(span => !span.ParentSpanId.IsNone).Attributes.Find("gen_ai.response.time_to_first_token"));
    }

    private static WireDraft Good()
    {
        var draft = new WireDraft();
        draft.Resource.Add(("acs.arms.service.feature", "genai_app"));
        return draft.With("gen_ai.span.kind", "LLM").With("gen_ai.operation.name", "chat").With("gen_ai.framework", "callwatch").With("gen_ai.request.model", "qwen-max").With("gen_ai.provider.name", "dashscope")
            .With("gen_ai.usage.input_tokens", 18L).With("gen_ai.session.id", "conv-42").With("gen_ai.input.messages", """[{"role":"user","parts":[{"type":"text","content":"Hello?"}]}]""");
    }

    private static Task<int> PostAsync(WireHost aliyun, byte[] body) => StatusAsync(aliyun.Address + ((AliyunStandIn)aliyun).Path, body, "application/x-protobuf");

    private static async Task<int> StatusAsync(string address, byte[] body, string type, HttpMethod? method = null)
    {
        using var answer = await Posting.PostAsync(address, body, type, NoHeaders, method: method);
        return (int)answer.StatusCode;
    }
}
