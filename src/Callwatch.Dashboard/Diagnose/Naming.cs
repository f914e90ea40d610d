using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Show;
using Callwatch.Query;

namespace Callwatch.Dashboard.Diagnose;

/// <summary>A value of a dimension in words: "model gpt-4.1", "version 7 of the prompt answer".</summary>
public static class Naming
{
    private const int Longest = 60;

    public static string Of(IReadOnlyDictionary<string, string?> key, Words words)
    {
        var parts = new List<string>();
        foreach (var (name, value) in key)
        {
            if (name == "prompt" && key.ContainsKey("prompt_version")) continue;
            parts.Add(name == "prompt_version" && key.TryGetValue("prompt", out var prompt)
                ? words.Say("version {0} of the prompt {1}", Value(value, words), Value(prompt, words))
                : words.Say(Pattern(name), Value(value, words)));
        }

        return string.Join(words[" with "], parts);
    }

    /// <summary>The value alone, where its dimension is said already.</summary>
    public static string Value(IReadOnlyDictionary<string, string?> key, Words words) => key.Values.All(value => value is null)
        ? words["unknown"]
        : string.Join(" ", key.Select(pair => pair.Key == "prompt_version" && key.Count > 1 ? words.Say("version {0}", Value(pair.Value, words)) : Value(pair.Value, words)));

    public static string Dimension(string name, Words words) => string.Join(" × ", name.Split(" × ").Select(part => words[part switch
    {
        "app" => "App",
        "operation" => "Operation",
        "model" => "Model",
        "provider" => "Provider",
        "environment" => "Environment",
        "release" => "Release",
        "prompt" => "Prompt",
        "prompt_version" => "Prompt version",
        "user" => "User",
        "tag" => "Tag",
        "tool" => "Tool",
        "retrieval" => "Retrieval",
        "node" => "Node",
        _ => "Kind",
    }]));

    private static string Value(string? value, Words words) => value is null ? words["unknown"] : value == StatsGroup.Other ? words["others"] : Visible.Line(value, Longest);

    private static string Pattern(string name) => name switch
    {
        "app" => "the app {0}",
        "operation" => "the operation {0}",
        "model" => "the model {0}",
        "provider" => "the provider {0}",
        "environment" => "the environment {0}",
        "release" => "the release {0}",
        "prompt" => "the prompt {0}",
        "user" => "the user {0}",
        "tag" => "the tag {0}",
        "tool" => "the tool {0}",
        "retrieval" => "the retrieval {0}",
        "node" => "the node {0}",
        _ => "calls of the kind {0}",
    };
}
